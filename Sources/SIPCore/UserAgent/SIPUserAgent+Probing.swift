/// Servers that are asked whether they are alive.
extension SIPUserAgent {
    /// Sends OPTIONS to each address of a target until one answers.
    ///
    /// Any final response but 408 and 503 says that it is alive: whoever refuses OPTIONS can still take calls.
    ///
    /// - Returns: its identifier; `UserAgentAction.probed` follows.
    package func probe(_ order: ProbeOrder, now: Instant) -> ProbeID {
        let probe = OutgoingProbe(id: ProbeID(rawValue: self.nextID().rawValue), order: order)
        self.probes[probe.id] = probe
        if order.target.isNamed {
            self.deadlines.set(probe, now + self.configuration.limits.location)
            self.actions.append(.locate(LocationID(rawValue: probe.id.rawValue), order.target))
        } else {
            probe.targets = [order.target]
            self.tryNext(probe, now: now)
        }
        return probe.id
    }

    func located(_ probe: OutgoingProbe, _ targets: [SIPTarget], now: Instant) {
        guard probe.request == nil else { return }
        probe.targets = targets
        self.tryNext(probe, now: now)
    }

    /// Gives up the address that was tried, and asks the next.
    func tryNext(_ probe: OutgoingProbe, now: Instant) {
        self.forget(probe.request)
        while !probe.targets.isEmpty {
            let hop = Dialog.Hop(target: probe.targets.removeFirst())
            let branch = self.freshBranch()
            var request = self.options(probe.order)
            guard let passage = self.address(&request, to: hop, branch: branch, now: now) else { continue }
            self.deadlines.set(probe, now + probe.order.tryTimeout)
            self.open(request, by: passage, branch: branch, purpose: .probe(probe), now: now)
            probe.request = self.outgoingRequests[ClientTransactionKey(branch: branch, method: .options)]
            return
        }
        self.end(probe, isAlive: false)
    }

    private func options(_ order: ProbeOrder) -> SIPRequest {
        var from = order.from
        from.tag = self.tokens.tag()
        var headers = SIPHeaders(
            from: from,
            to: NameAddress(uri: order.uri),
            callID: self.tokens.callID(),
            cSeq: CSeq(1, .options),
            maxForwards: 70,
            route: order.route,
            fields: [SIPHeaders.Field("Accept", "application/sdp")]
        )
        headers.fields.share(self.ownFields.request)
        return SIPRequest(method: .options, uri: order.uri, headers: headers)
    }

    func probeAnswered(_ probe: OutgoingProbe, _ outgoing: OutgoingRequest, _ status: UInt16, now: Instant) {
        guard probe.request === outgoing else { return }
        guard status == 408 || status == 503 else { return self.end(probe, isAlive: true) }
        self.tryNext(probe, now: now)
    }

    func probeLost(_ probe: OutgoingProbe, _ outgoing: OutgoingRequest, now: Instant) {
        if probe.request === outgoing { self.tryNext(probe, now: now) }
    }

    private func end(_ probe: OutgoingProbe, isAlive: Bool) {
        self.forget(probe.request)
        probe.request = nil
        self.deadlines.set(probe, nil)
        self.probes[probe.id] = nil
        self.actions.append(.probed(probe.id, isAlive: isAlive))
    }

    /// Lets go of a transaction at once: whatever still comes of a probe is of no interest.
    private func forget(_ outgoing: OutgoingRequest?) {
        guard let outgoing else { return }
        self.deadlines.set(outgoing, nil)
        self.outgoingRequests[outgoing.key] = nil
    }
}
