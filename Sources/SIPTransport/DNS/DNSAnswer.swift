package import SIPCore

/// What the domain name system says to a question.
package struct DNSAnswer: Hashable, Sendable {
    /// Those of the type that was asked for; none where there are none, or nobody answered.
    package var records: [DNSRecord]
    /// How long it holds.
    package var lifetime: Span

    package init(records: [DNSRecord], lifetime: Span) {
        self.records = records
        self.lifetime = lifetime
    }

    /// Nobody answered, or nothing that could be read: asked again soon, but not by every call.
    static let failure = DNSAnswer(records: [], lifetime: .seconds(2))
}
