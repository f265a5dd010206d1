/// An INVITE outside any dialog, that has passed the checks of RFC 3261 §8.2 and been answered with 100.
package struct IncomingInvite: Hashable, Sendable {
    package var request: SIPRequest
    package var flow: SIPFlow

    package init(request: SIPRequest, flow: SIPFlow) {
        self.request = request
        self.flow = flow
    }

    /// The offer; nil where the peer asks for ours.
    package var sdp: [UInt8]? { self.request.body.isEmpty ? nil : self.request.body }
}
