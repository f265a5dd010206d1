import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// Whose request a SIP peer's is, and what it dials.
    struct SIPOrigin {
        var calling: CallingParty
        /// What it dials; empty: nobody, which is enough where a dialog says who is meant.
        var number: String
        /// nil: a phone that registers here.
        var trunk: Trunk?
        var peer: SIPPeer?

        /// How its media is anchored; nil: it passes through.
        func relay(by router: Router) -> RelayPolicy? {
            guard let trunk = self.trunk else { return router.phoneRelay }
            return trunk.relay
        }
    }

    enum SIPOriginResult {
        case known(SIPOrigin)
        /// With that status.
        case refused(UInt16)
    }

    /// Tells on whose behalf a request outside any dialog came, and whether we take it at all (gateway-profile §6, "From
    /// whom").
    ///
    /// - Parameters:
    ///   - request: as it came.
    ///   - flow: the way it came.
    ///   - phone: the phone of ours that it is, by its credentials.
    /// - Returns: who and what it is, or the status of its refusal.
    func origin(of request: SIPRequest, by flow: SIPFlow, phone: String?) -> SIPOriginResult {
        let router = self.configuration.router
        guard request.uri.scheme == .tel || router.isOurs(request.uri.host) else { return .refused(404) }
        let registered =
            phone == nil ? self.registeredTrunk(calling: request.uri.unescapedUser, from: flow.remote) : nil
        let trunk = phone == nil ? registered?.trunk ?? router.trunk(from: flow.remote) : nil
        var calling: CallingParty
        switch (phone, trunk) {
        case (let phone?, _):
            let displayName = self.userAgent.phones?.account(phone)?.displayName
            calling = router.party(of: phone, displayName: displayName, request.headers)
            let contact = request.headers.contact.first?.address?.uri
            calling.device = .phone(phone, contact: contact, source: flow.remote)
        case (nil, let trunk?):
            calling = router.party(at: trunk, request.headers)
        case (nil, nil):
            return .refused(403)
        }
        var number = request.uri.dialledNumber
        // Whoever calls a user's own extension calls the user, and no number of the trunk's.
        if let trunk, trunk.inbound != nil, registered?.isOfUser != true {
            // A registrar calls the Contact that it knows; which number was called, To tells.
            let called = [request.uri] + (registered == nil ? [] : [request.headers.to.uri])
            number = called.lazy.compactMap(\.dialledNumber).compactMap { router.inbound($0, at: trunk) }.first
        }
        return .known(
            SIPOrigin(
                calling: calling,
                number: number ?? "",
                trunk: trunk,
                peer: phone.map { .phone($0) } ?? trunk.map { .trunk($0.name) }
            )
        )
    }
}
