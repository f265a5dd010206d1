package import SIPCore

extension Call {
    /// Where the INVITE of that leg went, and what redirects have led there; nil where the leg does not ring, or may not be
    /// redirected any more.
    ///
    /// Once a caller has heard a callee it has an answer from there, and an offer has one answer only.
    package func redirects(of leg: LegID) -> (route: Router.Route, redirects: Redirects)? {
        guard case .ringing(let ringing) = self.state, !ringing.toldEarlyMedia, ringing.joined == nil,
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
    ///   - hunt: who ring now.
    ///   - now: the time.
    /// - Returns: what follows; where nobody of them can ring, that of the refusal.
    package mutating func redirected(
        _ leg: LegID,
        _ refusal: SessionEvent.Refusal,
        to hunt: Hunt,
        now: Instant
    ) -> CallAction {
        guard case .ringing(var ringing) = self.state else { return CallAction() }
        guard hunt.contains(where: { self.mayRing($0, ringing) }) else {
            return self.receivedRefusal(leg, refusal, now: now)
        }
        if !Redirects.isRedirect(refusal.status) {
            ringing.note(CallOutcome(refusal))
            self.state = .ringing(ringing)
        }
        return self.ring(hunt, inPlaceOf: leg, now: now)
    }
}
