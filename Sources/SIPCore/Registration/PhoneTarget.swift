/// Where an INVITE for a registered phone goes.
package struct PhoneTarget: Hashable, Sendable {
    /// The Request-URI: the Contact of the binding (RFC 3261 §16.5).
    package var uri: SIPURI
    package var target: SIPTarget
    /// The way the phone registered by, where requests shall take it.
    package var flow: SIPFlow?
    /// The Path of the binding, as Route (RFC 3327 §5).
    package var route: [NameAddress]
    /// Thousandths; those of one value ring at once, higher ones first.
    package var q: UInt16

    package init(uri: SIPURI, target: SIPTarget, flow: SIPFlow? = nil, route: [NameAddress] = [], q: UInt16 = 1000) {
        self.uri = uri
        self.target = target
        self.flow = flow
        self.route = route
        self.q = q
    }

    /// The way to a binding; nil where nothing is left that we could send to.
    ///
    /// Whatever names another address than the REGISTER came from is reached by the way that came, and by no other; a proxy
    /// of the Path by its URI; a phone by its Contact, over its open connection where there is one; one that wants `sips`
    /// by TLS alone.
    package init?(_ binding: Binding) {
        // Header fields have no place in a Request-URI (RFC 3261 §19.1.1).
        var uri = binding.contact.uri
        uri.headers = nil
        uri.parameters.set("method", to: nil)
        let stream = binding.flow.flatMap { $0.transport.isReliable ? $0 : nil }
        if let proxy = binding.path.first, !binding.followsFlow {
            guard let target = proxy.uri.target, uri.scheme != .sips || target.transport == .tls else { return nil }
            let flow = stream?.transport == target.transport ? stream : nil
            self.init(uri: uri, target: target, flow: flow, route: binding.path, q: binding.q)
        } else if binding.followsFlow {
            guard let flow = binding.flow, uri.scheme != .sips || flow.transport == .tls else { return nil }
            let target = SIPTarget(transport: flow.transport, host: flow.remote.host, port: flow.remote.port)
            self.init(uri: uri, target: target, flow: flow, route: binding.path, q: binding.q)
        } else {
            guard var target = uri.target else { return nil }
            if let stream, stream.transport != target.transport, uri.scheme == .sip,
                !uri.parameters.contains("transport")
            {
                target.transport = stream.transport
                target.port = uri.port ?? stream.transport.defaultPort
            }
            let flow = stream?.transport == target.transport ? stream : nil
            self.init(uri: uri, target: target, flow: flow, q: binding.q)
        }
    }
}
