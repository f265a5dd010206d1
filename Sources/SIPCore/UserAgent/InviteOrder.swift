/// All that the user agent must know to send an INVITE that opens a session.
package struct InviteOrder: Hashable, Sendable {
    package var uri: SIPURI
    /// Where it is sent first; in-dialog requests then follow the route set and the remote target.
    package var target: SIPTarget
    /// Without a tag: the user agent adds it.
    package var from: NameAddress
    package var to: NameAddress
    package var maxForwards: UInt8
    /// nil: an INVITE that asks the peer for its offer; the session then owes an `acknowledge`.
    package var offer: [UInt8]?
    /// Answers a 401 or a 407, where the peer asks (RFC 3261 §22).
    package var credentials: DigestCredentials?
    /// No response at all within this time: the session fails with `.noResponse`.
    package var tryTimeout: Span
    package var fields: [SIPHeaders.Field]

    package init(
        uri: SIPURI,
        target: SIPTarget,
        from: NameAddress,
        to: NameAddress,
        maxForwards: UInt8 = 70,
        offer: [UInt8]?,
        credentials: DigestCredentials? = nil,
        tryTimeout: Span = .seconds(32),
        fields: [SIPHeaders.Field] = []
    ) {
        self.uri = uri
        self.target = target
        self.from = from
        self.to = to
        self.maxForwards = maxForwards
        self.offer = offer
        self.credentials = credentials
        self.tryTimeout = tryTimeout
        self.fields = fields
    }
}

/// A user name and a password for digest authentication (RFC 7616).
package struct DigestCredentials: Hashable, Sendable, CustomStringConvertible {
    package var username: String
    package var password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// Never the password.
    package var description: String { "\(self.username):***" }
}
