package import NIOCore

/// How the apps' side is run (operator-interface, `client` and `limits`).
package struct ClientServerConfiguration: Hashable, Sendable {
    /// The PEM files of `client.tls`.
    package struct TLS: Hashable, Sendable {
        /// The server's certificate and those between it and a root.
        package var certificatePath: String
        package var keyPath: String

        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    /// Everything that a client can make grow.
    package struct Limits: Hashable, Sendable {
        /// `limits.message_bytes`: a longer message is refused; one that is 16 times as long closes the socket.
        package var messageBytes = 65_536
        /// `limits.sockets_per_user`: one more gets HTTP 429.
        package var socketsPerUser = 8
        /// WebSockets in all; one more gets HTTP 503.
        package var connections = 50_000
        /// Bytes that wait to be written to one socket; with more it is dropped.
        package var outboundBytes = 262_144
        /// Bytes of an upgrade request; a longer one gets HTTP 431.
        package var handshakeBytes = 16_384
        /// Connections of one event loop that are not upgraded yet; one more is closed unheard.
        package var handshakes = 10_000
        /// Requests for files of the page that one connection may make; it is closed with the answer to the last one.
        package var requestsPerConnection = 100
        /// Messages of one socket in a second, over a while; 1 at least.
        ///
        /// With more in one stretch than ``messageBurst`` the rest get the error `rate_limited`, unread.
        package var messagesPerSecond = 1_000
        /// Messages that a socket may send at once.
        package var messageBurst = 2_000

        package init() {}
    }

    /// An address, or a name that resolves to one.
    package var host: String
    /// 0: one that is free.
    package var port: Int
    /// nil: plain `ws`.
    package var tls: TLS?
    /// `client.allowed_origins`, or empty for any.
    ///
    /// A request without `Origin` comes from no web page, and is taken.
    package var allowedOrigins: [String]
    package var limits: Limits
    /// Between two pings of a socket; one that answers neither of two in a row is dropped when a third is due.
    package var pingInterval: TimeAmount
    /// From the accepted connection to the end of its upgrade, TLS included.
    package var handshakeTimeout: TimeAmount
    /// From a request for a file of the page to the end of the next one, its own response included.
    package var keepAliveTimeout: TimeAmount
    /// From our close frame to the end of the connection.
    package var closeTimeout: TimeAmount

    package init(
        host: String = "127.0.0.1",
        port: Int = 8080,
        tls: TLS? = nil,
        allowedOrigins: [String] = [],
        limits: Limits = Limits(),
        pingInterval: TimeAmount = .seconds(25),
        handshakeTimeout: TimeAmount = .seconds(10),
        keepAliveTimeout: TimeAmount = .seconds(20),
        closeTimeout: TimeAmount = .seconds(5)
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.allowedOrigins = allowedOrigins
        self.limits = limits
        self.pingInterval = pingInterval
        self.handshakeTimeout = handshakeTimeout
        self.keepAliveTimeout = keepAliveTimeout
        self.closeTimeout = closeTimeout
    }
}
