internal import Glibc
internal import NIOCore

/// Why the transport could not start.
package struct SIPTransportError: Error, CustomStringConvertible {
    /// What went wrong; new codes may come.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable, Sendable {
            case invalidAddress
            case unsupportedTransport
            case bindFailed
            case badCertificate
        }

        private var value: Value

        /// The host of a listener is no IP address.
        package static let invalidAddress = Code(value: .invalidAddress)
        /// A listener has a transport that we don't have.
        package static let unsupportedTransport = Code(value: .unsupportedTransport)
        /// The system did not give us the address: it is taken, not ours, or not permitted.
        package static let bindFailed = Code(value: .bindFailed)
        /// A certificate, its key or the authorities are of no use, or are missing for a listener that needs them.
        package static let badCertificate = Code(value: .badCertificate)
    }

    package var code: Code
    /// The listener it is about; nil where it is about none.
    package var listener: SIPTransport.Configuration.Listener?
    /// One sentence for the operator, with the address.
    package var description: String

    static func invalidAddress(_ listener: SIPTransport.Configuration.Listener) -> Self {
        Self(
            code: .invalidAddress,
            listener: listener,
            description: "cannot listen on \(listener): the host is not an IP address"
        )
    }

    static func unsupportedTransport(_ listener: SIPTransport.Configuration.Listener) -> Self {
        Self(
            code: .unsupportedTransport,
            listener: listener,
            description: "cannot listen on \(listener): only udp, tcp and tls are supported"
        )
    }

    static func badCertificate(_ fault: TLSSettings.Fault) -> Self {
        Self(code: .badCertificate, description: "TLS \(fault.file.rawValue): \(fault.reason)")
    }

    static func noCertificate(_ listener: SIPTransport.Configuration.Listener) -> Self {
        Self(
            code: .badCertificate,
            listener: listener,
            description: "cannot listen on \(listener): it needs a certificate and its key"
        )
    }

    static func bindFailed(_ listener: SIPTransport.Configuration.Listener, _ reason: String) -> Self {
        Self(code: .bindFailed, listener: listener, description: "cannot listen on \(listener): \(reason)")
    }
}

extension IOError {
    /// What the system calls it: `Address already in use`.
    var systemText: String { unsafe String(cString: strerror(self.errnoCode)) }
}
