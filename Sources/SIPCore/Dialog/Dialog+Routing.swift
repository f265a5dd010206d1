extension Dialog {
    /// A request along the route set (RFC 3261 §12.2.1.1), loose or strict.
    func request(_ method: SIPMethod, cSeq: UInt32) -> SIPRequest {
        var headers = SIPHeaders(
            from: self.local,
            to: self.remote,
            callID: self.key.callID,
            cSeq: CSeq(cSeq, method),
            maxForwards: 70
        )
        guard let first = self.routeSet.first else {
            return SIPRequest(method: method, uri: self.remoteTarget, headers: consume headers)
        }
        guard first.uri.parameters.contains("lr") else {
            // A strict router wants itself in the Request-URI, and the remote target as the last Route.
            headers.route = self.routeSet.dropFirst() + [NameAddress(uri: self.remoteTarget)]
            var uri = first.uri
            uri.headers = nil
            uri.parameters.set("method", to: nil)
            return SIPRequest(method: method, uri: uri, headers: consume headers)
        }
        headers.route = self.routeSet
        return SIPRequest(method: method, uri: self.remoteTarget, headers: consume headers)
    }

    /// Where the dialog's next request goes; nil where the URI names nothing that we could send to.
    ///
    /// Loose or strict, the first route is the next hop. Without routes it is the remote target; then a connection on
    /// which the peer itself reached us is preferred, if its transport is the one that the Contact names or the Contact
    /// names none: a peer behind NAT has no other. For the same reason `followsSource` is heeded with datagrams.
    package var nextHop: Hop? {
        if let first = self.routeSet.first {
            return self.target(first.uri).map { Hop(target: $0) }
        }
        if self.followsSource, self.flow.transport == .udp, !self.isSecure {
            let source = SIPTarget(transport: .udp, host: self.flow.remote.host, port: self.flow.remote.port)
            return Hop(target: source, preferring: self.flow)
        }
        guard var target = self.target(self.remoteTarget) else { return nil }
        guard self.flow.transport.isReliable else { return Hop(target: target) }
        if target.transport != self.flow.transport {
            guard self.remoteTarget.scheme == .sip, !self.remoteTarget.parameters.contains("transport"), !self.isSecure
            else { return Hop(target: target) }
            target.transport = self.flow.transport
            target.port = self.remoteTarget.port ?? target.transport.defaultPort
        }
        return Hop(target: target, preferring: self.flow)
    }

    /// Where a request for that URI goes: in a secure dialog by TLS, whatever the URI says.
    private func target(_ uri: SIPURI) -> SIPTarget? {
        guard var target = uri.target else { return nil }
        if self.isSecure, target.transport != .tls {
            target.transport = .tls
            target.port = uri.port ?? target.transport.defaultPort
        }
        return target
    }

    /// Whether our Contact has to be a `sips` URI: the next hop, or the peer, is named by one (RFC 3261 §12.1.1, §8.1.1.8).
    package var needsSecureContact: Bool {
        self.isSecure || (self.routeSet.first?.uri ?? self.remoteTarget).scheme == .sips
    }
}
