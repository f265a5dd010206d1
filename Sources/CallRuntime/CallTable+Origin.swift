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
        let trunk =
            phone == nil
            ? self.registeredTrunk(calling: request.uri.unescapedUser, from: flow.remote)
                ?? router.trunk(from: flow.remote)
            : nil
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
        return .known(
            SIPOrigin(
                calling: calling,
                number: request.uri.dialledNumber ?? "",
                trunk: trunk,
                peer: phone.map { .phone($0) } ?? trunk.map { .trunk($0.name) }
            )
        )
    }
}
