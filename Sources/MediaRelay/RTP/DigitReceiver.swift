package import SIPCore

/// Makes digits of telephone-event packets (RFC 4733 §2.5.2), each one told once, however many of its packets came.
///
/// ### Function
/// The packets of an event share its timestamp, and another timestamp is another event. Peers that don't keep to that
/// are understood: some give each packet its own timestamp, with one event's durations and without the marker. Where
/// all packets with the end were lost, the event ends with the next one, or 200 ms after its last packet.
package struct DigitReceiver: ~Copyable {
    private struct Event {
        var ssrc: UInt32
        var timestamp: UInt32
        var code: UInt8
        var clockRate: UInt32
        /// The duration of the segments that are full, and of the present one (§2.5.1.3), in clock units.
        var full: UInt64 = 0
        var duration: UInt16
        var seenAt: Instant
        var isOver = false

        var digit: Digit? {
            Digit(
                code: self.code,
                duration: SIPCore.Span(ticks: self.full &+ UInt64(self.duration), at: self.clockRate)
            )
        }
    }

    /// Peers send an event's packets 20 to 50 ms apart.
    private static let timeout = SIPCore.Span.milliseconds(200)
    /// How long an end is retransmitted.
    private static let echo = SIPCore.Span.milliseconds(100)
    /// How long a packet can be on its way.
    private static let flight = SIPCore.Span.seconds(3)

    private var event: Event?

    package init() {}

    /// When `timeoutReached` is due; nil while no event lasts.
    package var deadline: Instant? {
        guard let event = self.event, !event.isOver else { return nil }
        return event.seenAt + Self.timeout
    }

    /// A telephone-event came.
    ///
    /// - Parameters:
    ///   - payload: what it says.
    ///   - packet: its header.
    ///   - clockRate: of this payload type, in Hz.
    ///   - now: when it came.
    /// - Returns: each digit's end once; nothing for what was told before.
    package mutating func received(
        _ payload: TelephoneEvent,
        in packet: RTPPacket,
        clockRate: UInt32,
        now: Instant
    ) -> DigitNews {
        guard let digit = Digit(code: payload.code, duration: .zero) else { return DigitNews() }
        if var event = self.event, event.ssrc == packet.ssrc {
            let step = packet.timestamp.distance(after: event.timestamp)
            if step == 0, event.code == payload.code { return self.goOn(event, with: payload, now: now) }
            if step < 0, -step <= Int64(clamping: Self.flight.ticks(at: clockRate)), now - event.seenAt < Self.flight {
                return DigitNews()
            }
            if event.code == payload.code, !packet.marker, now - event.seenAt <= Self.echo {
                if event.isOver {
                    if payload.isEnd, payload.duration == event.duration { return DigitNews() }
                } else if payload.duration >= event.duration {
                    event.timestamp = packet.timestamp
                    return self.goOn(event, with: payload, now: now)
                } else if event.duration >= Self.almostFull(at: clockRate) {
                    event.timestamp = packet.timestamp
                    event.full &+= UInt64(UInt16.max)
                    event.duration = 0
                    return self.goOn(event, with: payload, now: now)
                }
            }
        }

        let missed = self.event.flatMap { $0.isOver ? nil : $0.digit }
        let event = Event(
            ssrc: packet.ssrc,
            timestamp: packet.timestamp,
            code: digit.code,
            clockRate: clockRate,
            duration: payload.duration,
            seenAt: now,
            isOver: payload.isEnd
        )
        self.event = event
        guard let digit = event.digit else { return DigitNews(missed: missed) }
        return DigitNews(missed: missed, payload.isEnd ? .beganAndEnded(digit) : .began(digit))
    }

    /// `deadline` may have passed.
    ///
    /// - Returns: the end of a digit whose packets stopped.
    package mutating func timeoutReached(now: Instant) -> DigitNews {
        guard let deadline = self.deadline, deadline <= now else { return DigitNews() }
        return self.endSource()
    }

    /// The source is replaced or on hold: what it pressed is over.
    package mutating func endSource() -> DigitNews {
        guard var event = self.event, !event.isOver, let digit = event.digit else { return DigitNews() }
        event.isOver = true
        self.event = event
        return DigitNews(.ended(digit))
    }

    private mutating func goOn(_ before: Event, with payload: TelephoneEvent, now: Instant) -> DigitNews {
        var event = before
        event.seenAt = now
        event.duration = max(event.duration, payload.duration)
        if !event.isOver, payload.isEnd {
            event.isOver = true
            self.event = event
            return DigitNews(event.digit.map { .ended($0) } ?? .none)
        }
        self.event = event
        guard !event.isOver, event.duration > before.duration else { return DigitNews() }
        return DigitNews(event.digit.map { .lasts($0) } ?? .none)
    }

    /// A duration that can be the last one of a full segment, though some packets behind it were lost.
    private static func almostFull(at clockRate: UInt32) -> UInt16 {
        UInt16.max - UInt16(clamping: min(Self.echo.ticks(at: clockRate), 0x7FFF))
    }
}
