package import MediaCore

/// A STUN message as it came (RFC 8489 §5): its header, what its attributes say, and where the rest is.
///
/// It holds offsets into the datagram, not its bytes, so that reading allocates nothing; methods that need the bytes
/// get them again. The datagram is a `Swift.Span`: every access is checked, and none can outlive the socket's buffer.
package struct STUNMessage: Hashable, Sendable {
    /// The class of a message (RFC 8489 §5).
    package enum Kind: Hashable, Sendable {
        case request
        case indication
        case success
        case failure
    }

    /// The role that the sender of a check takes (RFC 8445 §7.1.3).
    package enum Role: Hashable, Sendable {
        case controlling
        case controlled
    }

    /// Bytes of the header.
    package static let headerLength = 20
    /// In bytes, of a whole message; longer ones fit no datagram of a usual path.
    package static let maximumLength = 1_500
    /// The method that ICE uses.
    package static let binding: UInt16 = 1
    static let cookie: UInt32 = 0x2112_A442
    /// Unknown attributes past these are not told of.
    private static let maximumUnknownAttributes = 8
    /// RFC 8489 §14.3 says 508 bytes, RFC 5389 said 512.
    private static let maximumUsernameLength = 512

    package var kind: Kind
    /// 12 bits.
    package var method: UInt16
    package var transactionID: STUNTransactionID
    /// Whether FINGERPRINT is there; a wrong one is an error.
    package private(set) var hasFingerprint = false
    package private(set) var priority: UInt32?
    package private(set) var usesCandidate = false
    package private(set) var role: Role?
    /// XOR-MAPPED-ADDRESS.
    package private(set) var mappedAddress: MediaAddress?
    /// 300 to 699.
    package private(set) var errorCode: UInt16?
    /// The types that must be understood and are not, each once, the first eight.
    package private(set) var unknownAttributes: [UInt16] = []
    private var usernameOffset: UInt16?
    private var usernameLength: UInt16 = 0
    /// Of the attribute's header.
    private var integrityOffset: UInt16?

    /// Reads a whole datagram.
    ///
    /// Of an attribute that is there twice the first counts, and behind MESSAGE-INTEGRITY none but FINGERPRINT
    /// (RFC 8489 §14, §14.5). The integrity is not checked: `isIntact` does so.
    ///
    /// - Throws: `STUNError`: the datagram is to be dropped.
    package init(_ bytes: Swift.Span<UInt8>) throws(STUNError) {
        guard bytes.count >= Self.headerLength else { throw .truncated }
        guard bytes.count <= Self.maximumLength else { throw .tooLong }
        let type = Self.uint16(bytes, at: 0)
        guard type < 0x4000 else { throw .notSTUN }
        guard Self.uint32(bytes, at: 4) == Self.cookie else { throw .wrongCookie }
        let length = Int(Self.uint16(bytes, at: 2))
        guard length % 4 == 0, length == bytes.count - Self.headerLength else { throw .wrongLength }
        self.kind =
            switch (type & 0x0100 != 0, type & 0x0010 != 0) {
            case (false, false): .request
            case (false, true): .indication
            case (true, false): .success
            case (true, true): .failure
            }
        self.method = type & 0x000F | type >> 1 & 0x0070 | type >> 2 & 0x0F80
        self.transactionID = STUNTransactionID(high: Self.uint64(bytes, at: 8), low: Self.uint32(bytes, at: 16))

        // Each step is a multiple of 4, as is the whole: there is always an attribute's header before the end.
        var offset = Self.headerLength
        while offset < bytes.count {
            let size = Int(Self.uint16(bytes, at: offset + 2))
            guard size <= bytes.count - offset - 4 else { throw .malformedAttribute }
            let end = offset + 4 + (size + 3) / 4 * 4
            try self.readAttribute(bytes, at: offset, size: size, isLast: end == bytes.count)
            offset = end
        }
    }

    private mutating func readAttribute(
        _ bytes: Swift.Span<UInt8>,
        at offset: Int,
        size: Int,
        isLast: Bool
    ) throws(STUNError) {
        let type = Self.uint16(bytes, at: offset)
        let attribute = STUNAttribute(rawValue: type)
        let start = offset + 4
        if attribute == .fingerprint {
            guard isLast, size == 4,
                Self.uint32(bytes, at: start) == STUNFingerprint.value(over: bytes, upTo: offset)
            else { throw .wrongFingerprint }
            self.hasFingerprint = true
            return
        }
        guard self.integrityOffset == nil else { return }
        switch attribute {
        case .username:
            guard size <= Self.maximumUsernameLength else { throw .malformedAttribute }
            guard self.usernameOffset == nil else { return }
            self.usernameOffset = UInt16(truncatingIfNeeded: start)
            self.usernameLength = UInt16(truncatingIfNeeded: size)
        case .messageIntegrity:
            guard size == MessageIntegrity.length else { throw .malformedAttribute }
            self.integrityOffset = UInt16(truncatingIfNeeded: offset)
        case .priority:
            guard size == 4 else { throw .malformedAttribute }
            self.priority = self.priority ?? Self.uint32(bytes, at: start)
        case .useCandidate:
            guard size == 0 else { throw .malformedAttribute }
            self.usesCandidate = true
        case .iceControlled, .iceControlling:
            guard size == 8 else { throw .malformedAttribute }
            self.role = self.role ?? (attribute == .iceControlled ? .controlled : .controlling)
        case .xorMappedAddress:
            let address = try self.readAddress(bytes, at: start, size: size)
            self.mappedAddress = self.mappedAddress ?? address
        case .errorCode:
            guard size >= 4, 3...6 ~= bytes[start + 2] & 0x07, bytes[start + 3] < 100 else { throw .malformedAttribute }
            self.errorCode = self.errorCode ?? UInt16(bytes[start + 2] & 0x07) * 100 + UInt16(bytes[start + 3])
        case .mappedAddress, .unknownAttributes, .realm, .nonce, .fingerprint:
            break
        case nil:
            guard type < 0x8000, self.unknownAttributes.count < Self.maximumUnknownAttributes,
                !self.unknownAttributes.contains(type)
            else { return }
            self.unknownAttributes.append(type)
        }
    }

    private func readAddress(_ bytes: Swift.Span<UInt8>, at start: Int, size: Int) throws(STUNError) -> MediaAddress {
        guard size == 8 || size == 20 else { throw .malformedAttribute }
        let port = Self.uint16(bytes, at: start + 2) ^ UInt16(Self.cookie >> 16)
        switch (bytes[start + 1], size) {
        case (1, 8):
            return MediaAddress(ipv4: Self.uint32(bytes, at: start + 4) ^ Self.cookie, port: port)
        case (2, 20):
            let mask = self.transactionID.addressMask
            return MediaAddress(
                ipv6: Self.uint64(bytes, at: start + 4) ^ mask.high,
                Self.uint64(bytes, at: start + 12) ^ mask.low,
                port: port
            )
        default:
            throw .malformedAttribute
        }
    }

    /// Whether MESSAGE-INTEGRITY is there, right or wrong.
    package var hasIntegrity: Bool { self.integrityOffset != nil }

    /// Whether the sender of the message knows the password: MESSAGE-INTEGRITY is there and right (RFC 8489 §14.5).
    ///
    /// The bytes are those that the message was read from. The comparison takes as long for each wrong value.
    package func isIntact(in bytes: Swift.Span<UInt8>, password: [UInt8]) -> Bool {
        guard let offset = self.integrityOffset.map(Int.init), offset + 4 + MessageIntegrity.length <= bytes.count,
            let value = MessageIntegrity.value(over: bytes, upTo: offset, password: password)
        else { return false }
        var difference: UInt8 = 0
        for index in value.indices {
            difference |= value[index] ^ bytes[offset + 4 + index]
        }
        return difference == 0
    }

    /// Our user name fragment of a check that came to us: what USERNAME has before the colon (RFC 8445 §7.2.2).
    ///
    /// - Parameter bytes: The datagram that the message was read from.
    /// - Returns: Nil where there is no USERNAME or where it is not of the kind that we give out.
    package func receiverUfrag(in bytes: Swift.Span<UInt8>) -> ICEUfragKey? {
        guard let offset = self.usernameOffset.map(Int.init), Int(self.usernameLength) > ICEUfragKey.length,
            offset + Int(self.usernameLength) <= bytes.count,
            bytes[offset + ICEUfragKey.length] == UInt8(ascii: ":")
        else { return nil }
        return ICEUfragKey(bytes, at: offset)
    }

    /// Whether USERNAME, in the bytes that the message was read from, has this after our user name fragment and the colon.
    package func isSender(_ ufrag: [UInt8], in bytes: Swift.Span<UInt8>) -> Bool {
        guard let offset = self.usernameOffset.map({ Int($0) + ICEUfragKey.length + 1 }),
            Int(self.usernameLength) == ICEUfragKey.length + 1 + ufrag.count, offset + ufrag.count <= bytes.count
        else { return false }
        for index in ufrag.indices where bytes[offset + index] != ufrag[index] {
            return false
        }
        return true
    }

    private static func uint16(_ bytes: Swift.Span<UInt8>, at offset: Int) -> UInt16 {
        UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    private static func uint32(_ bytes: Swift.Span<UInt8>, at offset: Int) -> UInt32 {
        UInt32(Self.uint16(bytes, at: offset)) << 16 | UInt32(Self.uint16(bytes, at: offset + 2))
    }

    private static func uint64(_ bytes: Swift.Span<UInt8>, at offset: Int) -> UInt64 {
        UInt64(Self.uint32(bytes, at: offset)) << 32 | UInt64(Self.uint32(bytes, at: offset + 4))
    }
}
