package import MediaCore
package import SIPCore

/// Sends digits to a leg's peer as telephone-events (RFC 4733 §2.5.1), one after the other.
///
/// ### Function
/// An event is a packet each 20 ms with a growing duration, the marker on the first, and three packets with the end.
/// At least 50 ms pass before the next one. Sound has to stay away while `isSending`.
///
/// A digit is `send`'s, with a known length, or a relayed one that goes on at the other leg while it goes out here:
/// `begin`, `extend`, `end`. Its duration here never runs far ahead of what was told there.
///
/// ### Implementation
/// Timestamps are of the stream's clock, durations of the event's own one, which some peers set to 8000 beside Opus:
/// so their sound and their digits are both understood.
package struct DigitSender: ~Copyable {
    /// How many digits wait at most; more are left out.
    package static let limit = 64
    /// A shorter digit is made this long.
    package static let shortest = SIPCore.Span.milliseconds(40)
    /// A longer digit of `send` is made this long.
    package static let longest = SIPCore.Span.seconds(10)

    private static let period = SIPCore.Span.milliseconds(20)
    private static let gap = SIPCore.Span.milliseconds(50)
    /// How far a relayed digit may run ahead of what was told of it.
    private static let lead = SIPCore.Span.milliseconds(100)
    private static let ends = 3

    private struct Waiting {
        var code: UInt8
        var length: Length
    }

    private enum Length {
        case known(SIPCore.Span)
        /// It still goes on at the other leg, and has lasted so long.
        case open(SIPCore.Span)
    }

    private struct Playing {
        var code: UInt8
        var length: Length
        /// The one that it began with: a change amid an event would only confuse.
        var format: DigitFormat
        var beganAt: Instant
        var nextAt: Instant
        /// Of the present segment, and what is full before it in ticks of the event's clock (§2.5.1.3).
        var timestamp: UInt32
        var full: UInt64 = 0
        /// The longest duration that went out.
        var sent = SIPCore.Span.zero
        var isFirst = true
        var endsSent = 0
    }

    private enum State {
        case resting(until: Instant)
        case playing(Playing)
    }

    /// What the peer takes; nil: no events, and all digits are left out.
    private var format: DigitFormat?
    private var waiting: [Waiting] = []
    private var state = State.resting(until: Instant(nanoseconds: 0))

    package init(format: DigitFormat?) {
        self.format = format
    }

    /// Whether an event is going out, so that sound must not: it is `RTPStreamOut.absorb`'s.
    package var isSending: Bool {
        switch self.state {
        case .resting: false
        case .playing: true
        }
    }

    /// When `next` is due; nil: nothing is to be sent.
    package var deadline: Instant? {
        switch self.state {
        case .resting(let until): self.waiting.isEmpty ? nil : until
        case .playing(let playing): playing.nextAt
        }
    }

    /// A description changed what the peer takes.
    ///
    /// An event that is going out ends as it began; where the peer takes none,
    /// or must not be sent to, all is dropped.
    package mutating func update(format: DigitFormat?, now: Instant) {
        self.format = format
        guard format == nil else { return }
        self.waiting.removeAll()
        self.state = .resting(until: now)
    }

    /// Sends these digits after those that wait; what is no digit is left out.
    package mutating func send(_ digits: String, duration: SIPCore.Span) {
        let length = max(Self.shortest, min(Self.longest, duration))
        for character in digits {
            guard let digit = Digit(character, duration: length) else { continue }
            self.add(Waiting(code: digit.code, length: .known(length)))
        }
    }

    /// A digit has begun at the other leg; its duration is the one so far.
    ///
    /// One that still lasted there is over.
    package mutating func begin(_ digit: Digit) {
        self.setOpen { .known($0) }
        self.add(Waiting(code: digit.code, length: .open(digit.duration)))
    }

    /// The digit that began last goes on at the other leg, and has lasted so long.
    package mutating func extend(_ duration: SIPCore.Span) {
        self.setOpen { .open(max($0, duration)) }
    }

    /// The digit that began last is over, and has lasted so long.
    package mutating func end(_ duration: SIPCore.Span) {
        self.setOpen { .known(max($0, duration)) }
    }

    /// Gives the packet that is due.
    ///
    /// - Parameters:
    ///   - stream: numbers the packet.
    ///   - now: the present.
    /// - Returns: nil before `deadline`.
    package mutating func next(_ stream: inout RTPStreamOut, now: Instant) -> DigitPacket? {
        switch self.state {
        case .resting(let until):
            guard until <= now, let format = self.format, !self.waiting.isEmpty else { return nil }
            let first = self.waiting.removeFirst()
            let playing = Playing(
                code: first.code,
                length: first.length,
                format: format,
                beganAt: now,
                nextAt: now,
                timestamp: stream.timestamp(at: now)
            )
            return self.play(playing, &stream, now: now)
        case .playing(let playing):
            guard playing.nextAt <= now else { return nil }
            return self.play(playing, &stream, now: now)
        }
    }

    private mutating func play(
        _ before: Playing,
        _ stream: inout RTPStreamOut,
        now: Instant
    ) -> DigitPacket {
        var playing = before
        let format = playing.format
        // Whole periods, so that a loop that is some microseconds late makes no odd durations.
        let periods = (now - playing.beganAt).nanoseconds / Self.period.nanoseconds + 1
        let elapsed = Self.period * periods
        var isEnd = false
        switch playing.length {
        case .known(let length):
            let whole = max(length, Self.shortest, playing.sent)
            isEnd = elapsed >= whole
            playing.sent = min(elapsed, whole)
        case .open(let told):
            let limit = SIPCore.Span(nanoseconds: told.nanoseconds &+ Self.lead.nanoseconds)
            playing.sent = max(playing.sent, min(elapsed, limit))
        }

        var duration = playing.sent.ticks(at: format.clockRate) &- playing.full
        let isFull = duration > UInt64(UInt16.max)
        if isFull {
            duration = UInt64(UInt16.max)
            isEnd = false
        }
        let header = stream.insert(
            payloadType: format.sends,
            timestamp: playing.timestamp,
            marker: playing.isFirst,
            payloadBytes: TelephoneEvent.length,
            now: now
        )
        let event = TelephoneEvent(code: playing.code, isEnd: isEnd, duration: UInt16(truncatingIfNeeded: duration))
        if isFull {
            let segment = SIPCore.Span(ticks: UInt64(UInt16.max), at: format.clockRate)
            playing.full &+= UInt64(UInt16.max)
            playing.timestamp &+= UInt32(truncatingIfNeeded: segment.ticks(at: stream.clockRate))
        }
        playing.isFirst = false
        playing.nextAt = playing.beganAt + elapsed
        if isEnd { playing.endsSent += 1 }
        self.state = playing.endsSent < Self.ends ? .playing(playing) : .resting(until: now + Self.gap)
        return DigitPacket(header: header, event: event)
    }

    private mutating func add(_ digit: Waiting) {
        guard self.format != nil, self.waiting.count < Self.limit else { return }
        self.waiting.append(digit)
    }

    /// Changes the length of the digit that lasts at the other leg; it is the one that was added last of the relayed.
    private mutating func setOpen(_ change: (SIPCore.Span) -> Length) {
        if case .playing(var playing) = self.state, case .open(let told) = playing.length {
            playing.length = change(told)
            self.state = .playing(playing)
            return
        }
        for index in self.waiting.indices {
            if case .open(let told) = self.waiting[index].length {
                self.waiting[index].length = change(told)
                return
            }
        }
    }
}
