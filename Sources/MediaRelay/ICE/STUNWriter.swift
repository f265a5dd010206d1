package import MediaCore

/// Writes the answers to Binding requests (RFC 8489 §6.3.1).
///
/// The output is emptied first and keeps its room, so that one buffer serves a whole socket loop without allocation.
/// No answer is longer than `maximumLength`.
package enum STUNWriter {
    /// In bytes; what an output buffer should have room for from the start.
    package static let maximumLength = 128

    /// A success response with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT.
    ///
    /// - Parameters:
    ///   - transactionID: The request's.
    ///   - source: Where the request came from.
    ///   - password: That of our side.
    ///   - output: Holds the response, or nothing where there is none.
    /// - Returns: Whether there is a response; false only where the library refuses HMAC-SHA1.
    package static func writeSuccess(
        to transactionID: STUNTransactionID,
        mappedAddress source: MediaAddress,
        password: [UInt8],
        into output: inout [UInt8]
    ) -> Bool {
        Self.writeHeader(type: 0x0101, transactionID, into: &output)
        Self.append(.xorMappedAddress, size: source.isIPv6 ? 20 : 8, into: &output)
        Self.append(UInt16(source.isIPv6 ? 2 : 1), into: &output)
        Self.append(source.port ^ UInt16(STUNMessage.cookie >> 16), into: &output)
        if source.isIPv6 {
            let mask = transactionID.addressMask
            Self.append(source.high ^ mask.high, into: &output)
            Self.append(source.low ^ mask.low, into: &output)
        } else {
            Self.append(UInt32(truncatingIfNeeded: source.low) ^ STUNMessage.cookie, into: &output)
        }
        return Self.seal(password: password, &output)
    }

    /// An error response with ERROR-CODE and FINGERPRINT.
    ///
    /// - Parameters:
    ///   - failure: What ERROR-CODE says.
    ///   - transactionID: The request's.
    ///   - unknownAttributes: The content of UNKNOWN-ATTRIBUTES, at most eight; empty: the attribute is left out.
    ///   - password: That of our side; nil, as it must be in answer to a request whose sender proved nothing
    ///     (RFC 8489 §9.1.3): without MESSAGE-INTEGRITY.
    ///   - output: Holds the response, or nothing where there is none.
    /// - Returns: As `writeSuccess`.
    package static func writeFailure(
        _ failure: STUNFailure,
        to transactionID: STUNTransactionID,
        unknownAttributes: [UInt16] = [],
        password: [UInt8]?,
        into output: inout [UInt8]
    ) -> Bool {
        Self.writeHeader(type: 0x0111, transactionID, into: &output)
        let reason = failure.reason
        Self.append(.errorCode, size: 4 + reason.utf8.count, into: &output)
        Self.append(UInt16(0), into: &output)
        Self.append(UInt8(truncatingIfNeeded: failure.rawValue / 100), into: &output)
        Self.append(UInt8(truncatingIfNeeded: failure.rawValue % 100), into: &output)
        output.append(contentsOf: reason.utf8)
        Self.pad(&output)
        if !unknownAttributes.isEmpty {
            let told = unknownAttributes.prefix(8)
            Self.append(.unknownAttributes, size: 2 * told.count, into: &output)
            for type in told {
                Self.append(type, into: &output)
            }
            Self.pad(&output)
        }
        return Self.seal(password: password, &output)
    }

    private static func writeHeader(type: UInt16, _ transactionID: STUNTransactionID, into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        Self.append(type, into: &output)
        Self.append(UInt16(0), into: &output)
        Self.append(STUNMessage.cookie, into: &output)
        Self.append(transactionID.high, into: &output)
        Self.append(transactionID.low, into: &output)
    }

    /// Ends the message: MESSAGE-INTEGRITY where there is a password, then FINGERPRINT.
    private static func seal(password: [UInt8]?, _ output: inout [UInt8]) -> Bool {
        if let password {
            guard let value = MessageIntegrity.value(over: output.span, upTo: output.count, password: password) else {
                output.removeAll(keepingCapacity: true)
                return false
            }
            Self.append(.messageIntegrity, size: MessageIntegrity.length, into: &output)
            for index in value.indices {
                output.append(value[index])
            }
        }
        // The length that FINGERPRINT is over has FINGERPRINT in it.
        let length = UInt16(truncatingIfNeeded: output.count + 8 - STUNMessage.headerLength)
        output[2] = UInt8(truncatingIfNeeded: length >> 8)
        output[3] = UInt8(truncatingIfNeeded: length)
        let fingerprint = STUNFingerprint.value(over: output.span, upTo: output.count)
        Self.append(.fingerprint, size: 4, into: &output)
        Self.append(fingerprint, into: &output)
        return true
    }

    private static func append(_ attribute: STUNAttribute, size: Int, into output: inout [UInt8]) {
        Self.append(attribute.rawValue, into: &output)
        Self.append(UInt16(truncatingIfNeeded: size), into: &output)
    }

    private static func pad(_ output: inout [UInt8]) {
        while output.count % 4 != 0 {
            output.append(0)
        }
    }

    /// Big-endian, as everything in STUN.
    private static func append(_ value: some FixedWidthInteger, into output: inout [UInt8]) {
        var shift = value.bitWidth
        while shift > 0 {
            shift -= 8
            output.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
