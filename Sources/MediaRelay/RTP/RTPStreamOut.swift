package import SIPCore

/// The one RTP stream that a leg's peer gets from us, whatever feeds it.
///
/// ### Overview
/// The SSRC never changes, no sequence number is used twice (SRTP depends on it, RFC 3711 §9.1), and the timestamps go
/// on with the time, though the source behind may be replaced, be on hold, jump or begin anew.
///
/// ### Function
/// - While one source goes on, its numbers are moved by a constant: what was lost on the way stays a gap, and what
///   comes late goes out late, so that the peer conceals loss as if it heard the source itself. Duplicates end here.
/// - Another SSRC, another clock, or a jump that is no loss (RFC 3550 §A.1) is a switch: the next sequence number, a
///   timestamp further by the time that has passed, and the marker.
/// - Timestamps that leave the time behind or run ahead of it by more than a second are moved to the time in the same
///   way: some phones count no time on hold, others begin anew with the same SSRC.
/// - Packets of the source that don't go out (`absorb`) and packets that are not the source's (`insert`) leave no gap.
///
/// ### Implementation
/// `seen` has a bit for each of the 64 sequence numbers up to the highest. "Closing the window" sets them all: what is
/// older than a switch, an absorbed or an inserted packet does not go out, for its number may be in use.
package struct RTPStreamOut: ~Copyable {
    /// The one that goes on at present.
    private struct Source {
        var ssrc: UInt32
        /// The highest sequence number of it, when that packet came, and its timestamp.
        var highest: UInt16
        var arrival: Instant
        var timestamp: UInt32
        /// What makes our sequence numbers and timestamps of its own.
        var sequenceOffset: UInt16
        var timestampOffset: UInt32
        var seen = UInt64.max
        /// Whether its last packet did not go out.
        var isAbsorbed = false
    }

    package let ssrc: UInt32
    /// Of the timestamps, in Hz.
    package private(set) var clockRate: UInt32
    /// How many packets and bytes of payload went out; they wrap, as in a sender report (RFC 3550 §6.4.1).
    package private(set) var packets: UInt32 = 0
    package private(set) var octets: UInt32 = 0

    private var source: Source?
    /// The highest sequence number that is used or kept as a gap.
    private var sequence: UInt16
    /// The timestamp of the newest packet.
    private var newest: UInt32
    /// A timestamp and when it was the present one; nil until a packet went out.
    private var timestamp: UInt32
    private var moment: Instant?

    /// - Parameters:
    ///   - ssrc: random.
    ///   - sequence: of the first packet; random and below 2^15, so that SRTP agrees on its start (RFC 3711 §3.3.1).
    ///   - timestamp: of the first packet; random.
    ///   - clockRate: in Hz.
    package init(ssrc: UInt32, sequence: UInt16, timestamp: UInt32, clockRate: UInt32) {
        self.ssrc = ssrc
        self.sequence = sequence &- 1
        self.newest = timestamp
        self.timestamp = timestamp
        self.clockRate = clockRate
    }

    /// A packet of the source that has to go out.
    ///
    /// - Parameters:
    ///   - packet: as it came; its source is `RTPStreamIn`'s to judge.
    ///   - payloadType: what goes out has this one, 0 to 127.
    ///   - clockRate: of the codec, in and out, in Hz.
    ///   - now: when it came.
    /// - Returns: its header; nil for a duplicate and for what comes too late.
    package mutating func forward(
        _ packet: RTPPacket,
        as payloadType: UInt8,
        clockRate: UInt32,
        now: Instant
    ) -> RTPHeader? {
        guard var source = self.source, source.ssrc == packet.ssrc, self.clockRate == clockRate else {
            return self.switchSource(to: packet, as: payloadType, clockRate: clockRate, now: now)
        }
        let step = packet.sequence.distance(after: source.highest)
        guard step > -RTPLimits.misorder, step < RTPLimits.dropout else {
            return self.switchSource(to: packet, as: payloadType, clockRate: clockRate, now: now)
        }
        guard step > 0 else {
            guard step > -64, source.seen & (1 << -step) == 0 else { return nil }
            source.seen |= 1 << -step
            self.source = source
            return self.header(of: packet, from: source, as: payloadType, marker: packet.marker)
        }

        source.seen = source.seen << step | 1
        var marker = packet.marker || source.isAbsorbed
        let advance = packet.timestamp.distance(after: source.timestamp)
        if !self.isContinuous(advance, step: step, elapsed: now - source.arrival)
            || (packet.timestamp &+ source.timestampOffset).distance(after: self.newest) < 0
        {
            source.timestampOffset = self.timestamp(at: now) &- packet.timestamp
            source.seen = .max
            marker = true
        } else if advance > self.ticks(RTPLimits.longestPacket) * Int64(step) + self.ticks(RTPLimits.pause) {
            marker = true
        }
        source.highest = packet.sequence
        source.arrival = now
        source.timestamp = packet.timestamp
        source.isAbsorbed = false
        self.source = source
        let header = self.header(of: packet, from: source, as: payloadType, marker: marker)
        self.advance(to: header, at: now)
        return header
    }

    /// A packet of the source that does not go out: an event, comfort noise, sound while an event is sent.
    ///
    /// The sequence numbers of such packets are no gap for the peer. What is lost between two of them counts as one.
    package mutating func absorb(_ packet: RTPPacket) {
        guard var source = self.source, source.ssrc == packet.ssrc else { return }
        let step = packet.sequence.distance(after: source.highest)
        guard step > -RTPLimits.misorder, step < RTPLimits.dropout else {
            self.source = nil
            return
        }
        guard step > 0 else { return }
        if !source.isAbsorbed { self.sequence &+= UInt16(truncatingIfNeeded: step - 1) }
        source.highest = packet.sequence
        source.sequenceOffset = self.sequence &- packet.sequence
        source.seen = .max
        source.isAbsorbed = true
        self.source = source
    }

    /// A packet of our own goes out, after all that went before.
    ///
    /// - Parameters:
    ///   - payloadType: 0 to 127.
    ///   - timestamp: from `timestamp(at:)`; the packets of one event share it.
    ///   - marker: whether an event or a spurt of talk begins.
    ///   - payloadBytes: how long the payload is.
    ///   - now: the present.
    /// - Returns: its header.
    package mutating func insert(
        payloadType: UInt8,
        timestamp: UInt32,
        marker: Bool,
        payloadBytes: Int,
        now: Instant
    ) -> RTPHeader {
        self.sequence &+= 1
        if var source = self.source {
            source.sequenceOffset &+= 1
            source.seen = .max
            self.source = source
        }
        let header = RTPHeader(
            payloadType: payloadType & 0x7F,
            marker: marker,
            sequence: self.sequence,
            timestamp: timestamp,
            ssrc: self.ssrc
        )
        // An event keeps its first timestamp while the time goes on.
        let reading = self.reading(at: now)
        self.timestamp = reading.distance(after: timestamp) > 0 ? reading : timestamp
        self.moment = now
        self.newest = timestamp
        self.count(payloadBytes)
        return header
    }

    /// Frames of our own replace the source, and count by this clock from now on.
    package mutating func beginFrames(clockRate: UInt32, now: Instant) {
        self.source = nil
        guard self.clockRate != clockRate else { return }
        self.timestamp = self.reading(at: now)
        if let moment = self.moment { self.moment = max(moment, now) }
        self.clockRate = clockRate
    }

    /// A frame of our own goes out, 20 ms of sound; where it does not follow the one before at once, with the marker.
    ///
    /// - Parameters:
    ///   - payloadType: 0 to 127.
    ///   - payloadBytes: how long the payload is.
    ///   - due: when its sound begins.
    /// - Returns: its header; nil where it would overlap with the newest packet.
    package mutating func insertFrame(payloadType: UInt8, payloadBytes: Int, due: Instant) -> RTPHeader? {
        if let moment = self.moment, due - moment < RTPLimits.usualPacket { return nil }
        let timestamp = self.timestamp(at: due)
        let step = UInt32(truncatingIfNeeded: self.ticks(RTPLimits.usualPacket))
        return self.insert(
            payloadType: payloadType,
            timestamp: timestamp,
            marker: self.moment == nil || timestamp != self.newest &+ step,
            payloadBytes: payloadBytes,
            now: due
        )
    }

    /// Signalling has replaced or resumed what feeds the stream: its next packet is a switch, whatever it looks like.
    package mutating func endSource() {
        self.source = nil
    }

    /// The timestamp of sound that begins now: at least a packet's length after the newest one.
    package func timestamp(at now: Instant) -> UInt32 {
        self.following(at: now, clockRate: self.clockRate)
    }

    /// Where the stream's clock stands, for a sender report (RFC 3550 §6.4.1).
    package func reading(at now: Instant) -> UInt32 {
        guard let moment = self.moment else { return self.timestamp }
        return self.timestamp &+ UInt32(truncatingIfNeeded: (now - moment).ticks(at: self.clockRate))
    }

    private mutating func switchSource(
        to packet: RTPPacket,
        as payloadType: UInt8,
        clockRate: UInt32,
        now: Instant
    ) -> RTPHeader {
        let timestamp = self.following(at: now, clockRate: clockRate)
        self.clockRate = clockRate
        let source = Source(
            ssrc: packet.ssrc,
            highest: packet.sequence,
            arrival: now,
            timestamp: packet.timestamp,
            sequenceOffset: self.sequence &+ 1 &- packet.sequence,
            timestampOffset: timestamp &- packet.timestamp
        )
        self.source = source
        let header = self.header(of: packet, from: source, as: payloadType, marker: true)
        self.advance(to: header, at: now)
        return header
    }

    private func following(at now: Instant, clockRate: UInt32) -> UInt32 {
        guard let moment = self.moment else { return self.timestamp }
        let elapsed = max(now - moment, RTPLimits.usualPacket)
        return self.timestamp &+ UInt32(truncatingIfNeeded: elapsed.ticks(at: clockRate))
    }

    /// Whether a source's timestamps can have gone on by `advance` over `step` packets in this time.
    private func isContinuous(_ advance: Int64, step: Int, elapsed: SIPCore.Span) -> Bool {
        // What is longer than any step of a timestamp needs no exact comparison, and could not be added to.
        let elapsed = min(self.ticks(elapsed), Int64(UInt32.max))
        let skew = self.ticks(RTPLimits.skew)
        let latest = max(elapsed, self.ticks(RTPLimits.longestPacket) * Int64(step)) + skew
        return advance >= elapsed - skew && advance <= latest
    }

    private mutating func header(
        of packet: RTPPacket,
        from source: Source,
        as payloadType: UInt8,
        marker: Bool
    ) -> RTPHeader {
        self.count(packet.payload.count)
        return RTPHeader(
            payloadType: payloadType & 0x7F,
            marker: marker,
            sequence: packet.sequence &+ source.sequenceOffset,
            timestamp: packet.timestamp &+ source.timestampOffset,
            ssrc: self.ssrc
        )
    }

    private mutating func advance(to header: RTPHeader, at now: Instant) {
        self.sequence = header.sequence
        self.newest = header.timestamp
        self.timestamp = header.timestamp
        self.moment = now
    }

    private mutating func count(_ payloadBytes: Int) {
        self.packets &+= 1
        self.octets &+= UInt32(truncatingIfNeeded: payloadBytes)
    }

    private func ticks(_ span: SIPCore.Span) -> Int64 {
        Int64(clamping: span.ticks(at: self.clockRate))
    }
}
