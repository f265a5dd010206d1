internal import CallCore
internal import SIPCore

// Where trunks are, in the words of SIPCore.

extension TrunkURI {
    /// As it stands in a request, without what is the default.
    var sipURI: SIPURI {
        var parameters = SIPParameters()
        switch self.transport {
        case .udp, nil: break
        case .tcp: parameters.set("transport", to: "tcp")
        case .tls: if !self.isSecure { parameters.set("transport", to: "tls") }
        }
        return SIPURI(
            scheme: self.isSecure ? .sips : .sip,
            host: self.host,
            port: self.port == self.target.transport.defaultPort ? nil : self.port,
            parameters: parameters
        )
    }

    /// Where it leads, as far as it says by itself (RFC 3263 §4).
    var target: SIPTarget {
        let transport = self.isSecure ? .tls : self.transport?.kind ?? .udp
        var target = SIPTarget(transport: transport, host: self.host, port: self.port ?? transport.defaultPort)
        if self.port == nil { target.search = self.transport == nil ? .transport : .service }
        return target
    }
}

extension GatewayConfiguration.Trunk {
    /// Its servers; requests for them are sent to the outbound proxy, where there is one.
    var callServers: [CallCore.Trunk.Server] {
        self.servers.map { server in
            CallCore.Trunk.Server(
                uri: server.uri.sipURI,
                target: (self.outboundProxy ?? server.uri).target,
                priority: server.priority,
                weight: server.weight
            )
        }
    }

    /// The outbound proxy, as a loose router.
    var route: [NameAddress] {
        guard let proxy = self.outboundProxy else { return [] }
        var uri = proxy.sipURI
        uri.parameters.append(.init("lr"))
        return [NameAddress(uri: uri)]
    }
}
