package import SIPCore

extension Call {
    /// Where the INVITE of that leg went, and what redirects have led there; nil where the leg does not ring, or may not be
    /// redirected any more.
    ///
    /// Once a caller has heard a callee it has an answer from there, and an offer has one answer only.
    package func redirects(of leg: LegID) -> (route: Router.Route, redirects: Redirects)? {
        guard case .ringing(let ringing) = self.state, !ringing.toldEarlyMedia, !ringing.isJoined,
            ringing.earlyAnswer == nil, let sip = ringing.branches.first(where: { $0.id == leg })?.sip,
            let route = sip.route
        else { return nil }
        return (route, sip.redirects ?? Redirects(from: route))
    }

    /// A phone of the callee is not to be had: these ring in its place, as it or one before it wanted.
    ///
    /// - Parameters:
    ///   - leg: that does not ring any more.
    ///   - refusal: what it said.
    ///   - callees: who ring now.
    /// - Returns: what follows; where nobody of them can ring, that of the refusal.
    package mutating func redirected(
        _ leg: LegID,
        _ refusal: SessionEvent.Refusal,
        to callees: [Leg.Kind]
    ) -> CallAction {
        guard case .ringing(var ringing) = self.state else { return CallAction() }
        var callees = callees
        // A phone that asked for our offer can be answered by a phone only.
        if self.caller.media == nil, case .sip = self.caller.kind, !ringing.offer.exists {
            callees.removeAll { !$0.isSIP }
        }
        guard !callees.isEmpty else { return self.receivedRefusal(leg, refusal) }
        var action = CallAction()
        for branch in ringing.branches where branch.id == leg { self.closeMedia(of: branch, &action) }
        ringing.branches.removeAll { $0.id == leg }
        if !Redirects.isRedirect(refusal.status) {
            let outcome = CallOutcome(refusal)
            if ringing.best.map({ outcome.isBetter(than: $0) }) ?? true { ringing.best = outcome }
        }
        self.state = .ringing(ringing)
        self.ring(callees, &action)
        return action
    }
}
