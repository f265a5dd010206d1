package import SIPCore

extension SIPTransport {
    /// What the transport listens on, and its limits.
    package struct Configuration: Hashable, Sendable {
        /// One socket to listen on.
        package struct Listener: Hashable, Sendable {
            /// `.udp`, `.tcp` or `.tls`; `start()` refuses others, and `.tls` without `tls`.
            package var transport: SIPTransportKind
            /// An IPv4 or IPv6 address, IPv6 without brackets; names are refused, for they may have several.
            package var host: String
            /// 0: the system picks one, `start()` tells which.
            package var port: UInt16

            package init(transport: SIPTransportKind, host: String, port: UInt16) {
                self.transport = transport
                self.host = host
                self.port = port
            }
        }

        /// Their places in this list are the numbers in `SIPFlow.listener`; at most 65535.
        package var listeners: [Listener]
        /// Certificates and keys; nil: no TLS.
        package var tls: TLSSettings?
        /// The time that a TLS handshake may take.
        package var handshakeTimeout = Span.seconds(4)
        /// Connections open or being opened, both ways together; more are refused.
        package var maximumConnections = 4096
        /// Connections that one remote address may have opened to us.
        package var maximumConnectionsPerAddress = 256
        /// A connection over which nothing went for this time is closed.
        package var idleTimeout = Span.seconds(600)
        /// The time that a peer has for a whole message on a connection, from its first byte on.
        package var messageTimeout = Span.seconds(10)
        /// The time to open a connection to a target, all its addresses together.
        package var connectTimeout = Span.seconds(4)
        /// Bytes of one message.
        ///
        /// Longer ones are answered with 513 where they can be answered; a stream whose next
        /// message can't be within it is closed. `SIPWireLimits` bounds heads and bodies besides.
        package var maximumMessageSize = 65_536
        /// Bytes that a peer may leave unread in our buffer for it before its connection is closed.
        package var maximumPendingBytes = 1 << 20
        /// Messages that wait for one connection to open, or names that are looked for at once; more fail at once.
        package var maximumQueuedMessages = 256
        /// The name servers, as `192.0.2.1:53`, IPv6 in brackets; none: those of the system.
        package var nameServers: [String] = []

        package init(listeners: [Listener]) {
            self.listeners = listeners
        }
    }
}

extension SIPTransport.Configuration.Listener: CustomStringConvertible {
    /// As the configuration file writes it: `udp:127.0.0.1:5060`.
    package var description: String {
        "\(self.transport.viaName.lowercased()):\(SIPAddress(host: self.host, port: self.port).text)"
    }
}
