/// The dialog that an INVITE is to take the place of (RFC 3891 §6.1), in the words of whoever gets that INVITE.
package struct Replaces: Hashable, Sendable {
    package var callID: String
    /// The tag of whoever gets the INVITE.
    package var toTag: String
    /// The tag of that one's peer in the dialog.
    package var fromTag: String
    /// Only an early dialog is meant: one that is answered already stays.
    package var earlyOnly: Bool

    package init(callID: String, toTag: String, fromTag: String, earlyOnly: Bool = false) {
        self.callID = callID
        self.toTag = toTag
        self.fromTag = fromTag
        self.earlyOnly = earlyOnly
    }

    /// Reads the value of a Replaces field.
    ///
    /// - Returns: nil where it is malformed, lacks a tag or has one twice, or passes `SIPTextLimits`.
    package init?(_ text: String) {
        guard text.utf8.count <= SIPTextLimits.bytes else { return nil }
        var scanner = TextScanner(text)
        scanner.skipSpace()
        let callID = scanner.take(while: .callID)
        scanner.skipSpace()
        guard !callID.isEmpty, let parameters = SIPParameters(readingFrom: &scanner) else { return nil }
        scanner.skipSpace()
        var tags: (to: [String], from: [String]) = ([], [])
        parameters.visit { parameter in
            if parameter.name.equalsIgnoringCase("to-tag") { tags.to.append(parameter.value ?? "") }
            if parameter.name.equalsIgnoringCase("from-tag") { tags.from.append(parameter.value ?? "") }
        }
        guard scanner.isAtEnd, tags.to.count == 1, tags.from.count == 1 else { return nil }
        self.init(
            callID: String(callID),
            toTag: tags.to[0],
            fromTag: tags.from[0],
            earlyOnly: parameters.contains("early-only")
        )
    }

    /// The value of a Replaces field.
    package var headerValue: String {
        "\(self.callID);to-tag=\(self.toTag);from-tag=\(self.fromTag)\(self.earlyOnly ? ";early-only" : "")"
    }

    /// The same behind the `?` of a URI (RFC 3261 §19.1.1).
    package var uriHeader: String {
        let plain = ByteSet("-_.!~*'()[]/?:+$", alphanumeric: true)
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var bytes = Array("Replaces=".utf8)
        for byte in self.headerValue.utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ByteSet {
    /// The characters of a Call-ID (RFC 3261 §25.1, `word`).
    fileprivate static let callID = ByteSet("-.!%*_+`'~()<>:\\\"/[]?{}@", alphanumeric: true)
}
