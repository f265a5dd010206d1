import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    /// The most redirects that one call follows, in all its branches together.
    private static let mostRedirects = 16

    /// A phone of the callee refused, or sends the call on (gateway-profile §6).
    func refused(
        _ leg: LegID,
        _ refusal: SessionEvent.Refusal,
        of entry: Entry,
        now: Instant
    ) -> CallAction {
        self.goOn(after: refusal, of: leg, entry, now: now) ?? entry.call.receivedRefusal(leg, refusal, now: now)
    }

    /// Has a call go on where a redirect, now or before, has named somebody else; nil where none has.
    func goOn(
        after refusal: SessionEvent.Refusal,
        of leg: LegID,
        _ entry: Entry,
        now: Instant
    ) -> CallAction? {
        guard let found = entry.call.redirects(of: leg), found.redirects.goesOn(after: refusal.status) else {
            return nil
        }
        let router = self.configuration.router
        var redirects = found.redirects
        if Redirects.isRedirect(refusal.status), let uri = router.uri(of: found.route) {
            redirects.redirected(
                to: refusal.contacts,
                by: .init(uri: uri, status: refusal.status),
                at: found.route.trunk
            )
        }
        while entry.redirects < Self.mostRedirects, let target = redirects.next() {
            let destination = self.destination(
                ofRedirect: target.uri,
                by: target.trunk,
                for: entry.calling.caller
            )
            guard redirects.tries(destination) else { continue }
            let bounded = destination.bounded(by: found.route)
            var calling = entry.calling
            calling.identity.history = redirects.history(after: calling.identity.history)
            let callees = self.callees(at: bounded, by: calling, following: redirects, now: now) {
                entry.call.side(of: $0) != nil
            }
            guard callees.refused == nil, !callees.hunt.isEmpty else { continue }
            entry.redirects += 1
            self.join(callees, entry)
            return entry.call.redirected(leg, refusal, to: callees.hunt, now: now)
        }
        return nil
    }

    /// Notes whom a redirect has brought into a call.
    private func join(_ callees: Callees, _ entry: Entry) {
        for connection in callees.connections { self.join(connection, entry) }
        for called in callees.users where !entry.rings(for: called.text) {
            entry.calledUsers.append(called)
            let user = self.user(called.text)
            user.ringing.append(entry.call.id)
            if called.text != entry.callingUser { user.calls.append(entry.call.id) }
        }
    }
}

extension Router.Destination {
    /// The same where a way leads that has been redirected there: a call must not last longer by that.
    fileprivate func bounded(by route: Router.Route) -> Self {
        guard let limit = route.maxDuration, case .phone(var next) = self else { return self }
        next.maxDuration = next.maxDuration.map { min($0, limit) } ?? limit
        return .phone(next)
    }
}
