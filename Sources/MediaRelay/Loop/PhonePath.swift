import MediaCore

/// The way to and from a phone: a pair of ports of its own.
final class PhonePath {
    /// The even port of the pair.
    let port: UInt16
    let socket: UDPSocket
    let controlSocket: UDPSocket

    init(port: UInt16, socket: UDPSocket, controlSocket: UDPSocket) {
        self.port = port
        self.socket = socket
        self.controlSocket = controlSocket
    }
}
