internal import SIPCore

// Where trunks are, in the words of SIPCore.

extension TrunkURI {
    /// As it stands in a request, without what is the default.
    var sipURI: SIPURI {
        var parameters = SIPParameters()
        switch self.transport {
        case .udp: break
        case .tcp: parameters.set("transport", to: "tcp")
        case .tls: if !self.isSecure { parameters.set("transport", to: "tls") }
        }
        return SIPURI(
            scheme: self.isSecure ? .sips : .sip,
            host: self.host,
            port: self.port == self.transport.standardPort ? nil : self.port,
            parameters: parameters
        )
    }

    var target: SIPTarget { SIPTarget(transport: self.transport.kind, host: self.host, port: self.port) }
}

extension GatewayConfiguration.Trunk {
    /// Where requests for it are sent.
    var nextHop: TrunkURI { self.outboundProxy ?? self.uri }

    /// The outbound proxy, as a loose router.
    var route: [NameAddress] {
        guard let proxy = self.outboundProxy else { return [] }
        var uri = proxy.sipURI
        uri.parameters.append(.init("lr"))
        return [NameAddress(uri: uri)]
    }
}
