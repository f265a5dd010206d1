package import MediaCore

/// Why the relay did not start.
package struct RelayError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String

        /// The apps' port cannot be bound.
        package static let webRTCPort = Code(description: "the port toward apps cannot be bound")
        /// The address toward phones is none of this machine's.
        package static let address = Code(description: "the address toward phones cannot be bound")
        /// The range has no pair of an even port and the next.
        package static let ports = Code(description: "the range of ports has no even port with the next one")
        /// The system lacks something else: descriptors, threads, random numbers, a certificate.
        package static let system = Code(description: "the system has no room for the media loop")
        /// No socket toward rtpengine, or none for what it tells of digits.
        package static let control = Code(description: "the sockets toward rtpengine cannot be had")
        /// It was started before.
        package static let startedBefore = Code(description: "the relay was started before")
    }

    package var code: Code
    /// What was to be bound.
    package var address: MediaAddress?
    package var underlying: SocketError?

    package init(_ code: Code, address: MediaAddress? = nil, underlying: SocketError? = nil) {
        self.code = code
        self.address = address
        self.underlying = underlying
    }

    package var description: String {
        var text = self.code.description
        if let address { text += ": \(address.host) port \(address.port)" }
        if let underlying { text += ": \(underlying)" }
        return text
    }
}
