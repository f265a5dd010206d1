package import SIPCore

/// Holds the packets of one source until their sound is due, in order.
///
/// ### Overview
/// Nothing here knows of codecs or reads a clock. The owner takes sound out at its own clock, and says with each packet
/// that comes when the sound at the playhead will be taken: from that the buffer learns how much time packets have to
/// spare, and how much they need.
///
/// ### Function
/// - Packets that come twice, and whose sound was due already, are dropped; what is reordered comes out in order.
/// - What is missing is told as a length of time, and whether packets were lost or the source was silent.
/// - The delay that is aimed at is `shortest` and three times the jitter, up to `longest`. Where packets have less to
///   spare, an underrun is no loss but a wait (`shouldWait`); where they have more, sound has to be shortened
///   (`excess`). A source whose clock is not ours is followed by the same means.
/// - A jump that is no loss, and sound that lies too far ahead, begin anew with the packet that came.
///
/// ### Implementation
/// A packet lies at its sequence number modulo the number of slots, in memory that is allocated once. All times are in
/// ticks of the source's clock.
package struct JitterBuffer: ~Copyable {
    /// What became of a packet.
    package enum Verdict: Hashable, Sendable {
        case kept
        /// Its sound was due already.
        case late
        case duplicate
        /// No sound: empty, or longer than any packet that we take.
        case refused
        /// It is the first of a new source, or of one that began anew.
        case restarted
    }

    /// What lies at the playhead.
    package enum Next: Hashable, Sendable {
        /// A packet, with so many ticks of it that are over already.
        case packet(over: UInt32)
        /// Nothing for so many ticks, then a packet; whether packets between were lost.
        case missing(UInt32, isLost: Bool)
        case empty
    }

    private struct Slot {
        var sequence: UInt16
        var timestamp: UInt32
        var length: Int
    }

    /// How many packets are held at most; a power of two, so that sequence numbers may wrap.
    package static let slots = 32
    /// The longest payload that is taken, in bytes.
    package static let longestPayload = 1280
    /// The least delay: the packet after a lost one is there before it is missed, with its copy of it.
    package static let shortest = SIPCore.Span.milliseconds(40)
    package static let longest = SIPCore.Span.milliseconds(200)
    /// Sound that lies further ahead is a burst after a break, or a jump.
    private static let furthest = SIPCore.Span.milliseconds(500)
    /// Between the delay that is aimed at and one that is too long.
    private static let slackness = SIPCore.Span.milliseconds(30)

    private var slotted = [Slot?](repeating: nil, count: Self.slots)
    private var bytes = [UInt8](repeating: 0, count: Self.slots * Self.longestPayload)
    private var clockRate: Int64 = 8000
    private var hasBegun = false

    /// How many packets are held.
    package private(set) var count = 0
    /// The timestamp of the sound that is due next.
    private var playhead: UInt32 = 0
    /// The sequence number after the last one that was taken.
    private var expected: UInt16 = 0

    /// The mean deviation of the transit, times 16, and one that falls slowly.
    private var jitter: Int64 = 0
    private var jitterPeak: Int64 = 0
    private var transit: UInt32?
    /// How much time packets have to spare, smoothed, times 16.
    private var spare: Int64 = 0

    package init() {}

    /// The delay that is aimed at.
    package var target: SIPCore.Span {
        SIPCore.Span(ticks: UInt64(max(0, self.targetTicks)), at: UInt32(clamping: self.clockRate))
    }

    /// How long a packet waits from its coming to its sound, smoothed.
    package var delay: SIPCore.Span {
        SIPCore.Span(ticks: UInt64(max(0, self.spare / 16)), at: UInt32(clamping: self.clockRate))
    }

    /// Whether packets have so little to spare that what is not there yet shall be waited for.
    package var shouldWait: Bool { self.spare / 16 < self.targetTicks }

    /// By how many ticks the delay is too long; 0 where it is right.
    package var excess: Int64 {
        max(0, self.spare / 16 - self.targetTicks - self.ticks(Self.slackness))
    }

    /// Forgets the source; what it taught of the network stays.
    package mutating func reset() {
        self.clear()
        self.hasBegun = false
        self.transit = nil
    }

    /// A packet came.
    ///
    /// - Parameters:
    ///   - packet: its header.
    ///   - payload: its sound.
    ///   - clockRate: of its timestamps, in Hz; above 0, and the same until `reset`.
    ///   - isPlaying: whether sound is being taken, so that a new source has to be waited for without a pause.
    ///   - due: when the sound at the playhead will be taken.
    ///   - now: when it came.
    /// - Returns: what became of it.
    package mutating func insert(
        _ packet: RTPPacket,
        _ payload: RawSpan,
        clockRate: UInt32,
        isPlaying: Bool,
        due: Instant,
        now: Instant
    ) -> Verdict {
        guard !payload.isEmpty, payload.byteCount <= Self.longestPayload else { return .refused }
        guard self.hasBegun, self.clockRate == Int64(clockRate) else {
            return self.begin(with: packet, payload, clockRate: clockRate, isPlaying: isPlaying, now: now)
        }
        let step = packet.sequence.distance(after: self.expected)
        let lead = packet.timestamp.distance(after: self.playhead)
        let patience = Int64(truncatingIfNeeded: due.nanoseconds &- now.nanoseconds) / 1000
        let limit: Int64 = 2_000_000
        let spare = lead + max(-limit, min(limit, patience)) * self.clockRate / 1_000_000
        guard step > -RTPLimits.misorder, step < Self.slots, lead > -self.clockRate,
            spare < self.ticks(Self.furthest)
        else {
            return self.begin(with: packet, payload, clockRate: clockRate, isPlaying: isPlaying, now: now)
        }
        if step >= 0, self.slotted[self.place(packet.sequence)] != nil { return .duplicate }
        self.measure(packet.timestamp, now: now)
        self.spare += spare - self.spare / 16
        // Of a packet that is partly over, the rest is heard.
        guard step >= 0, lead > -self.clockRate / 50 else { return .late }
        self.keep(packet, payload)
        return .kept
    }

    /// What lies at the playhead.
    package func next() -> Next {
        guard let slot = self.first() else { return .empty }
        let lead = slot.timestamp.distance(after: self.playhead)
        guard lead > 0 else { return .packet(over: UInt32(clamping: -lead)) }
        return .missing(UInt32(clamping: lead), isLost: slot.sequence != self.expected)
    }

    /// Lends the payload of the first packet; nil where there is none.
    package func withFirst<Result>(_ body: (RawSpan) -> Result) -> Result? {
        guard let slot = self.first() else { return nil }
        let start = self.place(slot.sequence) * Self.longestPayload
        return body(unsafe self.bytes.span.bytes.extracting(start..<start + slot.length))
    }

    /// The first packet was decoded: the playhead stands behind its sound.
    package mutating func removeFirst(ticks: UInt32) {
        guard let slot = self.first() else { return }
        self.slotted[self.place(slot.sequence)] = nil
        self.count -= 1
        self.expected = slot.sequence &+ 1
        self.playhead = slot.timestamp &+ ticks
    }

    /// So many ticks were made up for: what comes for them is late.
    package mutating func skip(ticks: UInt32) {
        self.playhead &+= ticks
    }

    /// So many ticks were waited for, or, below 0, left out.
    package mutating func moved(ticks: Int64) {
        self.spare += ticks * 16
    }

    private var targetTicks: Int64 {
        min(self.ticks(Self.longest), self.ticks(Self.shortest) + 3 * max(self.jitter, self.jitterPeak) / 16)
    }

    private func ticks(_ span: SIPCore.Span) -> Int64 {
        Int64(clamping: span.ticks(at: UInt32(clamping: self.clockRate)))
    }

    private func place(_ sequence: UInt16) -> Int {
        Int(sequence) & (Self.slots - 1)
    }

    private func first() -> Slot? {
        guard self.count > 0 else { return nil }
        for step in 0..<UInt16(Self.slots) {
            if let slot = self.slotted[self.place(self.expected &+ step)] { return slot }
        }
        return nil
    }

    private mutating func begin(
        with packet: RTPPacket,
        _ payload: RawSpan,
        clockRate: UInt32,
        isPlaying: Bool,
        now: Instant
    ) -> Verdict {
        self.clear()
        let rate = Int64(max(1, clockRate))
        self.jitter = self.jitter * rate / self.clockRate
        self.jitterPeak = self.jitterPeak * rate / self.clockRate
        self.clockRate = rate
        self.hasBegun = true
        self.transit = nil
        self.measure(packet.timestamp, now: now)
        let target = self.targetTicks
        self.spare = target * 16
        self.expected = packet.sequence
        self.playhead = isPlaying ? packet.timestamp &- UInt32(clamping: target) : packet.timestamp
        self.keep(packet, payload)
        return .restarted
    }

    private mutating func clear() {
        for index in self.slotted.indices { self.slotted[index] = nil }
        self.count = 0
    }

    private mutating func keep(_ packet: RTPPacket, _ payload: RawSpan) {
        let place = self.place(packet.sequence)
        self.slotted[place] = Slot(
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            length: payload.byteCount
        )
        self.count += 1
        var elements = self.bytes.mutableSpan
        var bytes = unsafe elements.mutableBytes
        bytes.copy(payload, at: place * Self.longestPayload)
    }

    /// RFC 3550, §A.8.
    private mutating func measure(_ timestamp: UInt32, now: Instant) {
        let arrival = SIPCore.Span(nanoseconds: now.nanoseconds).ticks(at: UInt32(clamping: self.clockRate))
        let transit = UInt32(truncatingIfNeeded: arrival) &- timestamp
        defer { self.transit = transit }
        guard let before = self.transit else { return }
        let difference = min(Int64(transit.distance(after: before).magnitude), self.clockRate)
        self.jitter += difference - self.jitter / 16
        self.jitterPeak = max(self.jitter, self.jitterPeak - self.jitterPeak / 256)
    }
}
