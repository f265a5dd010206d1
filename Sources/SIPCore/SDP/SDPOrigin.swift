/// The value of an `o=` line (RFC 8866 §5.2).
package struct SDPOrigin: Hashable, Sendable {
    /// `-` where there is none.
    package var username: Substring
    /// Text, since peers send numbers of any length.
    package var sessionID: Substring
    /// Text, for the same reason; see `version`.
    package var versionText: Substring
    package var networkType: Substring
    package var addressType: Substring
    package var address: Substring

    /// An origin of ours.
    ///
    /// - Parameters:
    ///   - sessionID: one throughout a dialog; below 2^63, or some peers fail.
    ///   - version: raised by one each time the description changes (RFC 3264 §8).
    ///   - username: a name without spaces; `-` for none.
    ///   - address: an IP address or a host name; its type follows from its form.
    package init(sessionID: UInt64, version: UInt64, username: String = "-", address: String) {
        let name = username.utf8.lazy.filter { ByteSet.word.contains($0) }
        self.username = name.isEmpty ? "-" : Substring(decoding: name, as: UTF8.self)
        self.sessionID = Substring(String(sessionID))
        self.versionText = Substring(String(version))
        self.networkType = "IN"
        self.addressType = SDPConnection.addressType(of: address)
        self.address = Substring(address)
    }

    /// Reads the value; nil unless it is six fields.
    init?(_ text: Substring) {
        var fields = SDPFields(text)
        guard let username = fields.next(), let sessionID = fields.next(), let version = fields.next(),
            let networkType = fields.next(), let addressType = fields.next(), let address = fields.next(),
            fields.next() == nil
        else { return nil }
        self.username = username
        self.sessionID = sessionID
        self.versionText = version
        self.networkType = networkType
        self.addressType = addressType
        self.address = address
    }

    /// The version as a number; nil where it is none below 2^64.
    package var version: UInt64? { UInt64(self.versionText) }

    package var text: String {
        String(
            fields: self.username,
            self.sessionID,
            self.versionText,
            self.networkType,
            self.addressType,
            self.address
        )
    }
}
