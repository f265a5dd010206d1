/// An INVITE outside any dialog, that has passed the checks of RFC 3261 §8.2 and been answered with 100.
package struct IncomingInvite: Hashable, Sendable {
    package var request: SIPRequest
    package var flow: SIPFlow
    /// The phone of ours that it comes from, by its credentials; nil: From names none of ours.
    package var phone: String?

    package init(request: SIPRequest, flow: SIPFlow, phone: String? = nil) {
        self.request = request
        self.flow = flow
        self.phone = phone
    }

    /// The offer; nil where the peer asks for ours.
    package var sdp: [UInt8]? { self.request.body.isEmpty ? nil : self.request.body }

    /// The dialog that it is to take the place of.
    package var replaces: Replaces? { self.request.headers["Replaces"].flatMap { Replaces($0) } }
}
