package import SIPCore

/// The RTP stream that a leg's peer sends: which packets belong to it, and how it fares (RFC 3550 §A.1, §A.3, §A.8).
///
/// ### Overview
/// One SSRC at a time is heard, so that nobody hears two callers. The first one is taken at once, for the first words
/// shall not be clipped. Another one takes over after some packets in sequence between which nothing of the present one
/// came, or at once after signalling has announced a change.
///
/// ### Implementation
/// Two sources are kept whatever the peer sends: the present one and one candidate. The totals outlive both.
package struct RTPStreamIn: ~Copyable {
    /// What to do with a packet.
    package enum Verdict: Hashable, Sendable {
        /// It belongs to the stream.
        case accepted
        /// It is the first of a new source, or of a source that began anew.
        case switched
        /// A stranger, or a jump that the next packet has to confirm.
        case refused
    }

    /// How many packets in sequence another SSRC needs.
    package static let probation = 3
    /// How long after an announcement another SSRC needs none.
    private static let announcementLimit = SIPCore.Span.seconds(3)

    private struct Candidate {
        var ssrc: UInt32
        var next: UInt16
        var packets: Int
    }

    private var reception: RTPReception?
    private var candidate: Candidate?
    /// Until when a change that signalling announced is awaited.
    private var announcement: Instant?
    private var past = RTPTotals()

    package init() {}

    /// The source that is heard; nil until a packet came.
    package var ssrc: UInt32? { self.reception?.ssrc }

    /// Of all sources so far.
    package var totals: RTPTotals {
        guard let reception = self.reception else { return self.past }
        return self.past.adding(expected: UInt64(reception.expected), received: UInt64(reception.received))
    }

    /// The mean deviation between the spacing of packets here and at their source.
    package var jitter: SIPCore.Span {
        guard let reception = self.reception else { return .zero }
        return SIPCore.Span(ticks: reception.jitter >> 4, at: reception.clockRate)
    }

    /// A packet came from where the peer is known to be, with a payload type that was agreed on.
    ///
    /// - Parameters:
    ///   - packet: its header.
    ///   - clockRate: in Hz, of a packet that holds sound; nil for events and comfort noise, whose timestamps tell
    ///     nothing of jitter.
    ///   - now: when it came.
    /// - Returns: whether it may go on.
    package mutating func received(_ packet: RTPPacket, clockRate: UInt32?, now: Instant) -> Verdict {
        guard var reception = self.reception else {
            self.begin(packet, clockRate: clockRate, now: now)
            return .switched
        }
        guard reception.ssrc == packet.ssrc else {
            return self.receivedStranger(packet, clockRate: clockRate, now: now)
        }
        self.candidate = nil
        switch reception.received(packet.sequence) {
        case .inSequence:
            reception.measure(packet.timestamp, clockRate: clockRate, now: now)
        case .late:
            break
        case .suspect:
            self.reception = reception
            return .refused
        case .restarted:
            self.begin(packet, clockRate: clockRate, now: now)
            return .switched
        }
        self.reception = reception
        return .accepted
    }

    /// Signalling has changed the peer's side, or it said BYE: for 3 s, a packet with another SSRC is taken at once.
    package mutating func expectSwitch(now: Instant) {
        self.announcement = now + Self.announcementLimit
    }

    /// What a report tells of the stream since the last report; nil before the first packet.
    ///
    /// `lastReport` and `delay` are left at 0.
    package mutating func reportBlock() -> RTCPReportBlock? {
        guard var reception = self.reception else { return nil }
        let block = reception.reportBlock()
        self.reception = reception
        return block
    }

    private mutating func receivedStranger(_ packet: RTPPacket, clockRate: UInt32?, now: Instant) -> Verdict {
        var packets = 1
        if let candidate = self.candidate, candidate.ssrc == packet.ssrc, candidate.next == packet.sequence {
            packets = candidate.packets + 1
        }
        let isAnnounced = self.announcement.map { now < $0 } ?? false
        guard isAnnounced || packets >= Self.probation else {
            self.candidate = Candidate(ssrc: packet.ssrc, next: packet.sequence &+ 1, packets: packets)
            return .refused
        }
        self.begin(packet, clockRate: clockRate, now: now)
        return .switched
    }

    private mutating func begin(_ packet: RTPPacket, clockRate: UInt32?, now: Instant) {
        self.past = self.totals
        var reception = RTPReception(ssrc: packet.ssrc, sequence: packet.sequence)
        reception.measure(packet.timestamp, clockRate: clockRate, now: now)
        self.reception = reception
        self.candidate = nil
        self.announcement = nil
    }
}
