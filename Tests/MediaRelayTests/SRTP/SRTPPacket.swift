import MediaRelay

/// Packets to try, and how they are tried.
enum SRTPPacket {
    /// RTP with PCMU of 20 ms.
    static func rtp(sequence: UInt16, ssrc: UInt32 = 0xCAFE_BABE, payload: Int = 160) -> [UInt8] {
        [0x80, 0x00, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 0, 1] + Self.word(ssrc)
            + (0..<payload).map { UInt8($0 & 0xFF) }
    }

    /// A receiver report with one block.
    static func rtcp(ssrc: UInt32 = 0xCAFE_BABE) -> [UInt8] {
        [0x81, 0xC9, 0, 7] + Self.word(ssrc) + Array(repeating: 0x11, count: 24)
    }

    private static func word(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    /// Bytes written in hexadecimal.
    static func hex(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// What becomes of these bytes, or why nothing does.
    static func run(
        _ bytes: [UInt8],
        room: Int = SRTPSession.trailerLimit,
        _ body: (UnsafeMutableRawBufferPointer, Int) throws(SRTPError) -> Int
    ) -> Result<[UInt8], SRTPError> {
        var buffer = bytes + Array(repeating: 0, count: room)
        return unsafe buffer.withUnsafeMutableBytes { raw in
            do throws(SRTPError) {
                let count = try unsafe body(raw, bytes.count)
                return unsafe .success(Array(raw.prefix(count)))
            } catch {
                return .failure(error)
            }
        }
    }
}

extension SRTPSession {
    func protected(_ bytes: [UInt8], room: Int = SRTPSession.trailerLimit) -> Result<[UInt8], SRTPError> {
        unsafe SRTPPacket.run(bytes, room: room) { packet, count throws(SRTPError) in
            try unsafe self.protect(packet, count: count)
        }
    }

    func unprotected(_ bytes: [UInt8]) -> Result<[UInt8], SRTPError> {
        unsafe SRTPPacket.run(bytes) { packet, count throws(SRTPError) in
            try unsafe self.unprotect(packet, count: count)
        }
    }

    func protectedControl(_ bytes: [UInt8], room: Int = SRTPSession.trailerLimit) -> Result<[UInt8], SRTPError> {
        unsafe SRTPPacket.run(bytes, room: room) { packet, count throws(SRTPError) in
            try unsafe self.protectControl(packet, count: count)
        }
    }

    func unprotectedControl(_ bytes: [UInt8]) -> Result<[UInt8], SRTPError> {
        unsafe SRTPPacket.run(bytes) { packet, count throws(SRTPError) in
            try unsafe self.unprotectControl(packet, count: count)
        }
    }
}
