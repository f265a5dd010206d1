package import SIPCore

/// The RTCP of one leg: our reports and what the peer's tell (RFC 3550 §6).
///
/// ### Overview
/// RTCP ends at each leg and is never passed on, as the SSRCs, the loss and the round trip are each leg's own.
///
/// ### Function
/// A report goes out at `deadline`: about a second after the beginning, then about every 5 s, each time between a half
/// and one and a half of it (§6.2, §6.3.1). With two members there is no reconsideration, so that its compensation has
/// no place either. It is an SR where packets went out since the last report but one (§6.4), else an RR; an SDES with
/// the CNAME follows.
package struct RTCPSession: ~Copyable {
    /// The longest datagram that is written: SR with one block, SDES with the longest CNAME, BYE.
    package static let longestDatagram = 52 + 268 + 8

    private static let firstInterval = SIPCore.Span.seconds(1)
    private static let interval = SIPCore.Span.seconds(5)
    /// A longer way there and back is no measurement.
    private static let roundTripLimit: UInt32 = 30 << 16

    /// When `report` is due.
    package private(set) var deadline: Instant
    /// The last one that was measured; nil until a report has gone both ways.
    package private(set) var roundTrip: SIPCore.Span?
    /// The last loss of our packets that the peer told, in 256ths, until it is taken.
    private var peerFractionLost: UInt8?

    private let ssrc: UInt32
    private let timeline: NTPTimeline
    /// The SDES packet, written once (§6.5).
    private let description: [UInt8]

    /// The last sender report of the peer: of which source, the middle of its time, and when it came.
    private var peerReport: (ssrc: UInt32, compact: UInt32, arrival: Instant)?
    /// How many packets were out at the last report and at the one before.
    private var packetsBefore: (last: UInt32, lastButOne: UInt32) = (0, 0)
    private var hasReported = false

    /// - Parameters:
    ///   - ssrc: of the leg's `RTPStreamOut`.
    ///   - cname: random, and the same for all of a call's streams to this peer; 255 bytes at most go out.
    ///   - timeline: the time of day.
    ///   - now: the present.
    ///   - random: spreads the first report.
    package init(ssrc: UInt32, cname: String, timeline: NTPTimeline, now: Instant, random: UInt16) {
        self.ssrc = ssrc
        self.timeline = timeline
        self.description = Self.description(ssrc: ssrc, cname: cname)
        self.deadline = now + Self.spread(Self.firstInterval, by: random)
    }

    /// RTCP came from the peer.
    package mutating func received(_ compound: RTCPCompound, now: Instant) {
        if let info = compound.senderInfo {
            self.peerReport = (info.ssrc, UInt32(truncatingIfNeeded: info.ntp >> 16), now)
        }
        guard let report = compound.report else { return }
        self.peerFractionLost = report.fractionLost
        guard report.lastReport != 0 else { return }
        let way = self.timeline.compact(at: now) &- report.lastReport &- report.delay
        // Rounding makes a short way come out just below zero.
        if way > UInt32.max - 655 {
            self.roundTrip = .zero
        } else if way <= Self.roundTripLimit {
            self.roundTrip = SIPCore.Span(ticks: UInt64(way), at: 1 << 16)
        }
    }

    /// The loss of our packets as the peer last told it, in a thousandth; nil where it told none since the last call.
    package mutating func takePeerLoss() -> UInt16? {
        guard let fraction = self.peerFractionLost else { return nil }
        self.peerFractionLost = nil
        return UInt16(fraction) * 125 / 32
    }

    /// Writes a report and sets the next deadline.
    ///
    /// - Parameters:
    ///   - stream: what we send to the peer.
    ///   - reception: what the peer sends.
    ///   - bytes: `longestDatagram` suffices.
    ///   - now: the present.
    ///   - random: spreads the next report.
    /// - Returns: how many bytes there are to send; nil where there is no room.
    package mutating func report(
        on stream: borrowing RTPStreamOut,
        and reception: inout RTPStreamIn,
        into bytes: inout MutableRawSpan,
        now: Instant,
        random: UInt16
    ) -> Int? {
        self.deadline = now + Self.spread(Self.interval, by: random)
        return self.write(stream, &reception, into: &bytes, now: now)
    }

    /// Writes the last report with a BYE (§6.6).
    ///
    /// - Returns: how many bytes there are to send; nil where there is no room, and where the peer never heard of us
    ///   (§6.3.7).
    package mutating func goodbye(
        on stream: borrowing RTPStreamOut,
        and reception: inout RTPStreamIn,
        into bytes: inout MutableRawSpan,
        now: Instant
    ) -> Int? {
        guard self.hasReported || stream.packets != 0,
            let length = self.write(stream, &reception, into: &bytes, now: now), bytes.byteCount - length >= 8
        else { return nil }
        bytes.set(word32: 0x81CB_0001, at: length)
        bytes.set(word32: self.ssrc, at: length + 4)
        return length + 8
    }

    private mutating func write(
        _ stream: borrowing RTPStreamOut,
        _ reception: inout RTPStreamIn,
        into bytes: inout MutableRawSpan,
        now: Instant
    ) -> Int? {
        guard bytes.byteCount >= 52 + self.description.count else { return nil }
        let isSender = stream.packets != self.packetsBefore.lastButOne
        self.packetsBefore = (stream.packets, self.packetsBefore.last)
        self.hasReported = true

        var length = 8
        if isSender {
            let info = RTCPSenderInfo(
                ssrc: self.ssrc,
                ntp: self.timeline.ntp(at: now),
                timestamp: stream.reading(at: now),
                packets: stream.packets,
                octets: stream.octets
            )
            info.write(into: &bytes, at: 4)
            length += RTCPSenderInfo.length
        } else {
            bytes.set(word32: self.ssrc, at: 4)
        }
        let block = self.block(of: &reception, now: now)
        if let block {
            block.write(into: &bytes, at: length)
            length += RTCPReportBlock.length
        }
        bytes.set(octet: block == nil ? 0x80 : 0x81, at: 0)
        bytes.set(octet: isSender ? 200 : 201, at: 1)
        bytes.set(word16: UInt16(truncatingIfNeeded: length / 4 - 1), at: 2)

        unsafe bytes.copy(self.description.span.bytes, at: length)
        return length + self.description.count
    }

    private func block(of reception: inout RTPStreamIn, now: Instant) -> RTCPReportBlock? {
        guard var block = reception.reportBlock() else { return nil }
        if let peerReport = self.peerReport, peerReport.ssrc == block.ssrc {
            block.lastReport = peerReport.compact
            block.delay = UInt32(clamping: (now - peerReport.arrival).ticks(at: 1 << 16))
        }
        return block
    }

    /// Between a half and one and a half of an interval (§6.3.1).
    private static func spread(_ interval: SIPCore.Span, by random: UInt16) -> SIPCore.Span {
        SIPCore.Span(nanoseconds: interval.nanoseconds / 2 + (interval.nanoseconds >> 16) * UInt64(random))
    }

    private static func description(ssrc: UInt32, cname: String) -> [UInt8] {
        let name = Array(cname.utf8.prefix(255))
        var bytes: [UInt8] = [0x81, 202, 0, 0]
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: ssrc >> shift)) }
        bytes.append(1)
        bytes.append(UInt8(name.count))
        bytes += name
        // At least one zero ends the items, and fills the word.
        repeat { bytes.append(0) } while bytes.count % 4 != 0
        bytes[3] = UInt8(bytes.count / 4 - 1)
        return bytes
    }
}
