package import SIPCore

/// Passes the telephone-events of one leg on to the other while they last, made anew with the numbers, the payload type
/// and the clock of that leg.
///
/// What comes in never goes out as it is, so that nothing is doubled; and the digit is told once, at its end, whether
/// the other leg takes telephone-events or not.
package struct DigitRelay: ~Copyable {
    private var receiver = DigitReceiver()

    package init() {}

    /// When `timeoutReached` is due; nil while no event lasts.
    package var deadline: Instant? { self.receiver.deadline }

    /// A telephone-event came; the packet itself is `RTPStreamOut.absorb`'s.
    ///
    /// - Parameters:
    ///   - payload: what it says.
    ///   - packet: its header.
    ///   - clockRate: of this payload type, in Hz.
    ///   - sender: of the other leg; its `next` may be due then.
    ///   - now: when it came.
    /// - Returns: the digits to tell: `missed`, then `ended`.
    package mutating func received(
        _ payload: TelephoneEvent,
        in packet: RTPPacket,
        clockRate: UInt32,
        to sender: inout DigitSender,
        now: Instant
    ) -> DigitNews {
        self.pass(self.receiver.received(payload, in: packet, clockRate: clockRate, now: now), to: &sender)
    }

    /// `deadline` may have passed.
    package mutating func timeoutReached(to sender: inout DigitSender, now: Instant) -> DigitNews {
        self.pass(self.receiver.timeoutReached(now: now), to: &sender)
    }

    /// The leg's peer is replaced, on hold or no more joined with the other leg.
    package mutating func endSource(to sender: inout DigitSender) -> DigitNews {
        self.pass(self.receiver.endSource(), to: &sender)
    }

    private func pass(_ news: DigitNews, to sender: inout DigitSender) -> DigitNews {
        // A missed digit ends with what was told of it once the next one begins.
        switch news.progress {
        case .none:
            break
        case .began(let digit):
            sender.begin(digit)
        case .lasts(let digit):
            sender.extend(digit.duration)
        case .ended(let digit):
            sender.end(digit.duration)
        case .beganAndEnded(let digit):
            sender.begin(digit)
            sender.end(digit.duration)
        }
        return news
    }
}
