/// One Via value (RFC 3261 §20.42, RFC 3581).
package struct Via: Hashable, Sendable {
    package enum ResponsePort: Hashable, Sendable {
        case absent
        /// `;rport`: the client asks for its source port.
        case requested
        case value(UInt16)
    }

    package var transport: SIPTransportKind
    /// Sent-by: a host name or an address, IPv6 without brackets.
    package var host: String
    package var port: UInt16?
    package var branch: String
    package var received: String?
    package var rport: ResponsePort
    /// Whatever else it has, `ttl` and `maddr` included.
    package var parameters: SIPParameters

    package init(
        transport: SIPTransportKind,
        host: String,
        port: UInt16? = nil,
        branch: String,
        received: String? = nil,
        rport: ResponsePort = .absent,
        parameters: SIPParameters = SIPParameters()
    ) {
        self.transport = transport
        self.host = host
        self.port = port
        self.branch = branch
        self.received = received
        self.rport = rport
        self.parameters = parameters
    }
}

/// The transport of a Via and of a `transport` URI parameter.
package enum SIPTransportKind: Hashable, Sendable {
    case udp
    case tcp
    case tls
    case other(String)

    /// From its name in a Via or a URI parameter, without regard to case.
    package init(_ name: String) {
        if name.equalsIgnoringCase("udp") {
            self = .udp
        } else if name.equalsIgnoringCase("tcp") {
            self = .tcp
        } else if name.equalsIgnoringCase("tls") {
            self = .tls
        } else {
            self = .other(name)
        }
    }

    /// As a Via spells it: `UDP`.
    package var viaName: String {
        switch self {
        case .udp: "UDP"
        case .tcp: "TCP"
        case .tls: "TLS"
        case .other(let name): name
        }
    }

    /// Whether the transport itself repeats what was lost, so that SIP does not (RFC 3261 §17).
    package var isReliable: Bool {
        switch self {
        case .udp: false
        case .tcp, .tls, .other: true
        }
    }

    /// 5060, or 5061 with TLS (RFC 3261 §19.1.2).
    package var defaultPort: UInt16 {
        switch self {
        case .udp, .tcp, .other: 5060
        case .tls: 5061
        }
    }
}
