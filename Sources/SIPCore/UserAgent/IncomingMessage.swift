/// A MESSAGE (RFC 3428) that has passed the checks of RFC 3261 §8.2 and holds a plain text.
package struct IncomingMessage: Hashable, Sendable {
    package var request: SIPRequest
    package var flow: SIPFlow
    /// The phone of ours that it comes from, by its credentials; nil: From names none of ours, or it came in a session.
    package var phone: String?
    /// The session that it came in; nil: it stands by itself.
    package var session: SessionID?
    package var text: String

    package init(
        request: SIPRequest,
        flow: SIPFlow,
        phone: String? = nil,
        session: SessionID? = nil,
        text: String
    ) {
        self.request = request
        self.flow = flow
        self.phone = phone
        self.session = session
        self.text = text
    }
}
