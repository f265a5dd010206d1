/// Where a message came from: a socket address pair, and for a connection which one.
///
/// RFC 5626 §3.2 calls this a flow. A response goes back over the flow its request came by.
package struct SIPFlow: Hashable, Sendable {
    package var transport: SIPTransportKind
    /// The peer's address.
    package var remote: SIPAddress
    /// The number of the listener (datagrams) whose socket it is; see `SIPListener`.
    package var listener: UInt16
    /// The number of the connection, unique for the life of the process; 0 for datagrams.
    package var connection: UInt64

    package init(transport: SIPTransportKind, remote: SIPAddress, listener: UInt16, connection: UInt64 = 0) {
        self.transport = transport
        self.remote = remote
        self.listener = listener
        self.connection = connection
    }
}

/// An IP address as text (IPv6 without brackets) and a port.
package struct SIPAddress: Hashable, Sendable {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    package var isIPv6: Bool { self.host.utf8.contains(UInt8(ascii: ":")) }
}

/// A socket of ours that takes SIP; the core writes its address into Via and Contact.
package struct SIPListener: Hashable, Sendable {
    package var transport: SIPTransportKind
    /// What peers see: the advertised address where there is one, else the bound one.
    package var address: SIPAddress

    package init(transport: SIPTransportKind, address: SIPAddress) {
        self.transport = transport
        self.address = address
    }
}

/// Where a request shall go: a transport, and a host name or address.
package struct SIPTarget: Hashable, Sendable {
    /// What the domain name system is asked where the host is a name (RFC 3263 §4).
    package enum Search: Hashable, Sendable {
        /// Its addresses alone: the port was named.
        case addresses
        /// The servers of the transport (§4.2): the port was not named, and `port` is the default.
        case service
        /// The transports first (§4.1): neither was named, and both are the default.
        case transport
    }

    package var transport: SIPTransportKind
    package var host: String
    package var port: UInt16
    /// Has no meaning where `host` is an address.
    package var search: Search
    /// The name that has led to it, where a TLS peer at that address has to prove it (RFC 5922 §7.1).
    package var name: String?

    package init(
        transport: SIPTransportKind,
        host: String,
        port: UInt16,
        search: Search = .addresses,
        name: String? = nil
    ) {
        self.transport = transport
        self.host = host
        self.port = port
        self.search = search
        self.name = name
    }

    /// Whether `host` is a name, so that its addresses have to be found.
    package var isNamed: Bool { !self.host.isIPv4Literal && !self.host.isIPv6Literal }
}

/// A message on its way out, with all that the transport must know.
package struct SIPOutbound: Hashable, Sendable {
    package enum Destination: Hashable, Sendable {
        /// A response: over the flow its request came by; where that connection is gone, to `fallback` by a new
        /// one (RFC 3261 §18.2.2).
        case flow(SIPFlow, fallback: SIPTarget)
        /// A request: to that target, over an open connection to it where there is one. `preferring` is the
        /// connection on which the peer itself reaches us, used as long as it is open: a peer behind NAT has no
        /// other.
        case target(SIPTarget, preferring: SIPFlow?)
    }

    package var message: SIPMessage
    package var destination: Destination
    /// The client transaction that must hear of a failure to send; nil where nobody needs to know.
    package var transaction: ClientTransactionKey?

    package init(message: SIPMessage, destination: Destination, transaction: ClientTransactionKey?) {
        self.message = message
        self.destination = destination
        self.transaction = transaction
    }
}

/// What tells client transactions apart (RFC 3261 §17.1.3): the branch of the topmost Via and the method of CSeq.
package struct ClientTransactionKey: Hashable, Sendable {
    package var branch: String
    package var method: SIPMethod

    package init(branch: String, method: SIPMethod) {
        self.branch = branch
        self.method = method
    }
}

/// Why a message could not be sent.
package enum SIPTransportFailure: Hashable, Sendable {
    /// The peer refused the connection, or it broke.
    case refused
    /// The host name has no address.
    case unresolved
    /// We have no socket of that transport and address family.
    case unsupported
}
