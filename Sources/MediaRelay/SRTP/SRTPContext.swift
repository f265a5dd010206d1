/// One direction of a leg: one master key, and what is remembered of each SSRC that is used with it.
///
/// The session keys, and OpenSSL's contexts for them, are made by the first packet that needs them: most legs send no
/// RTCP for seconds, and some receive none at all.
struct SRTPContext: ~Copyable {
    enum Direction {
        case inbound
        case outbound
    }

    /// What a UDP datagram can hold.
    private static let lengthLimit = 65_535

    private let profile: SRTPProfile
    private let direction: Direction
    private let master: SecretBytes
    private var rtp: SRTPTransform?
    private var rtcp: SRTPTransform?
    private var sources = SRTPSources()

    init(_ key: SRTPKey, direction: Direction) throws(SRTPError) {
        guard key.bytes.count == key.profile.keyLength + key.profile.saltLength else { throw .badKey }
        self.profile = key.profile
        self.direction = direction
        self.master = SecretBytes(key.bytes)
        self.rtp = nil
        self.rtcp = nil
    }

    /// As `SRTPSession.protect`.
    mutating func protect(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let header = try unsafe Self.header(packet, count: count, trailer: 0)
        guard self.profile.tagLength <= packet.count - count else { throw .noRoom }
        let slot = try self.sources.slot(of: header.ssrc)
        // The same sequence number with another payload would use the keystream twice, which with GCM gives the key
        // of its authentication away (RFC 7714 §8.1). So a duplicate that a peer sends in the clear ends here.
        let index = try self.sources.index(of: header.sequence, at: slot)
        let part = SRTPPart.rtp(clear: header.length, end: count, ssrc: header.ssrc, index: index)
        try unsafe self.run(packet, part)
        self.sources.used(index, of: header.ssrc, at: slot)
        return count + self.profile.tagLength
    }

    /// As `SRTPSession.protectControl`.
    mutating func protectControl(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let ssrc = try unsafe Self.controlSSRC(packet, count: count, trailer: 0)
        guard self.profile.controlTrailerLength <= packet.count - count else { throw .noRoom }
        let slot = try self.sources.slot(of: ssrc)
        let index = try self.sources.nextControlIndex(at: slot)
        try unsafe self.run(packet, SRTPPart.rtcp(end: count, ssrc: ssrc, index: index))
        self.sources.used(control: index, of: ssrc, at: slot)
        return count + self.profile.controlTrailerLength
    }

    /// As `SRTPSession.unprotect`.
    mutating func unprotect(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let end = count - self.profile.tagLength
        let header = try unsafe Self.header(packet, count: count, trailer: self.profile.tagLength)
        let slot = try self.sources.slot(of: header.ssrc)
        let index = try self.sources.index(of: header.sequence, at: slot)
        let part = SRTPPart.rtp(clear: header.length, end: end, ssrc: header.ssrc, index: index)
        try unsafe self.run(packet, part)
        self.sources.used(index, of: header.ssrc, at: slot)
        return end
    }

    /// As `SRTPSession.unprotectControl`.
    mutating func unprotectControl(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        let end = count - self.profile.controlTrailerLength
        let ssrc = try unsafe Self.controlSSRC(packet, count: count, trailer: self.profile.controlTrailerLength)
        let word = unsafe packet.bytes.word32(at: end + self.profile.controlWordOffset)
        // No leg agrees on RTCP that is not encrypted (RFC 4568 §6.3.2).
        guard word & SRTPPart.encryptionFlag != 0 else { throw .malformed }
        let index = word & ~SRTPPart.encryptionFlag
        let slot = try self.sources.slot(of: ssrc)
        try self.sources.check(control: index, at: slot)
        try unsafe self.run(packet, SRTPPart.rtcp(end: end, ssrc: ssrc, index: index))
        self.sources.used(control: index, of: ssrc, at: slot)
        return end
    }

    /// Whether this SSRC is remembered.
    func hasStream(_ ssrc: UInt32) -> Bool { self.sources.hasStream(ssrc) }

    private mutating func run(_ packet: UnsafeMutableRawBufferPointer, _ part: SRTPPart) throws(SRTPError) {
        switch part.kind {
        case .rtp:
            if self.rtp == nil { self.rtp = try self.transform(.rtp) }
            try unsafe self.run(packet, part, with: self.rtp)
        case .rtcp:
            if self.rtcp == nil { self.rtcp = try self.transform(.rtcp) }
            try unsafe self.run(packet, part, with: self.rtcp)
        }
    }

    private func run(
        _ packet: UnsafeMutableRawBufferPointer,
        _ part: SRTPPart,
        with transform: borrowing SRTPTransform?
    ) throws(SRTPError) {
        switch transform {
        case .some(let transform):
            switch self.direction {
            case .inbound: try unsafe transform.unprotect(packet, part)
            case .outbound: try unsafe transform.protect(packet, part)
            }
        case .none:
            preconditionFailure("A transform is made before it is used")
        }
    }

    private func transform(_ kind: SRTPPart.Kind) throws(SRTPError) -> SRTPTransform {
        let keys = try SRTPKeyDerivation(master: self.master)
        return try SRTPTransform(self.profile, kind: kind, keys: keys, encrypts: self.direction == .outbound)
    }

    /// The header of an RTP packet with `trailer` bytes behind it, once it is sure that all lengths are right.
    private static func header(
        _ packet: UnsafeMutableRawBufferPointer,
        count: Int,
        trailer: Int
    ) throws(SRTPError) -> SRTPHeader {
        guard count >= trailer, count <= packet.count, packet.count <= Self.lengthLimit,
            let header = unsafe SRTPHeader(packet.bytes.extracting(..<(count - trailer)))
        else { throw .malformed }
        return header
    }

    /// The SSRC of an RTCP packet with `trailer` bytes behind it, once it is sure that all lengths are right.
    private static func controlSSRC(
        _ packet: UnsafeMutableRawBufferPointer,
        count: Int,
        trailer: Int
    ) throws(SRTPError) -> UInt32 {
        guard count >= SRTPPart.controlHeaderLength + trailer, count <= packet.count,
            packet.count <= Self.lengthLimit, unsafe packet[0] >> 6 == 2
        else { throw .malformed }
        return unsafe packet.bytes.word32(at: 4)
    }
}
