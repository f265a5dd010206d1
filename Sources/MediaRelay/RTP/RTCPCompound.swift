/// What one RTCP datagram tells us (RFC 3550 §6).
///
/// It is read strictly: one packet that contradicts itself spoils the datagram, since where the next one begins is then
/// unknown. Feedback (RFC 4585), APP, XR and SDES items are stepped over.
package struct RTCPCompound: Hashable, Sendable {
    /// The types that have a meaning here.
    private enum PacketType {
        static let senderReport: UInt8 = 200
        static let receiverReport: UInt8 = 201
        static let goodbye: UInt8 = 203
        static let transportFeedback: UInt8 = 205
        static let payloadFeedback: UInt8 = 206
        /// What RTCP uses at all (RFC 5761 §4).
        static let all: ClosedRange<UInt8> = 192...223
    }

    /// How many packets one datagram may hold.
    package static let packetLimit = 32

    /// Of the first sender report.
    package var senderInfo: RTCPSenderInfo?
    /// The first block that tells of our stream.
    package var report: RTCPReportBlock?
    /// The first source that says BYE.
    package var goodbye: UInt32?

    package init(senderInfo: RTCPSenderInfo? = nil, report: RTCPReportBlock? = nil, goodbye: UInt32? = nil) {
        self.senderInfo = senderInfo
        self.report = report
        self.goodbye = goodbye
    }

    /// Reads a datagram; nil where it is malformed, or begins with neither a report nor feedback (RFC 5506 §3.4.2).
    ///
    /// - Parameters:
    ///   - datagram: after it was unprotected.
    ///   - ssrc: of the stream that we send.
    package init?(_ datagram: RawSpan, about ssrc: UInt32) {
        self.init()
        var start = 0
        var packets = 0
        while start < datagram.byteCount {
            guard packets < Self.packetLimit, datagram.byteCount - start >= 4 else { return nil }
            let first = datagram.octet(at: start)
            let type = datagram.octet(at: start + 1)
            let end = start + 4 + 4 * Int(datagram.word16(at: start + 2))
            guard first >> 6 == 2, PacketType.all ~= type, end <= datagram.byteCount else { return nil }

            var contentEnd = end
            if first & 0x20 != 0 {
                // Only the last packet is padded; the last byte counts itself (§6.4.1).
                guard end == datagram.byteCount, end - start > 4 else { return nil }
                let padding = Int(datagram.octet(at: end - 1))
                guard padding > 0, padding % 4 == 0, padding <= end - start - 4 else { return nil }
                contentEnd -= padding
            }
            guard
                self.read(
                    type,
                    count: Int(first & 0x1F),
                    from: datagram,
                    at: start + 4..<contentEnd,
                    isFirst: packets == 0,
                    about: ssrc
                )
            else { return nil }
            start = end
            packets += 1
        }
        guard packets > 0 else { return nil }
    }

    /// Reads the inside of one packet; false where it is malformed.
    private mutating func read(
        _ type: UInt8,
        count: Int,
        from datagram: RawSpan,
        at content: Range<Int>,
        isFirst: Bool,
        about ssrc: UInt32
    ) -> Bool {
        switch type {
        case PacketType.senderReport:
            let head = 4 + RTCPSenderInfo.length
            guard content.count >= head + count * RTCPReportBlock.length else { return false }
            if self.senderInfo == nil { self.senderInfo = RTCPSenderInfo(datagram, at: content.lowerBound) }
            self.readBlocks(count, from: datagram, at: content.lowerBound + head, about: ssrc)
            return true
        case PacketType.receiverReport:
            guard content.count >= 4 + count * RTCPReportBlock.length else { return false }
            self.readBlocks(count, from: datagram, at: content.lowerBound + 4, about: ssrc)
            return true
        case PacketType.goodbye:
            guard !isFirst, content.count >= 4 * count else { return false }
            if self.goodbye == nil, count > 0 { self.goodbye = datagram.word32(at: content.lowerBound) }
            return true
        case PacketType.transportFeedback, PacketType.payloadFeedback:
            // The sender's SSRC and the source's (RFC 4585 §6.1).
            return content.count >= 8
        default:
            return !isFirst
        }
    }

    private mutating func readBlocks(_ count: Int, from datagram: RawSpan, at start: Int, about ssrc: UInt32) {
        for index in 0..<count where self.report == nil {
            let block = RTCPReportBlock(datagram, at: start + index * RTCPReportBlock.length)
            if block.ssrc == ssrc { self.report = block }
        }
    }
}
