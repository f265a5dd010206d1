/// What TLS connections prove, and what they ask of their peers (RFC 3261 §26.2, §26.3; RFC 5922).
package struct TLSSettings: Hashable, Sendable {
    /// A PEM file with our certificate, and behind it those that vouch for it.
    package var certificatePath: String
    /// A PEM file with the private key of the certificate.
    package var keyPath: String
    /// A PEM file with the authorities that a peer's certificate must come from; nil: the system's.
    package var authoritiesPath: String?
    /// Whether a peer that connects has to prove who it is by a certificate (mutual TLS).
    package var asksClients: Bool

    package init(
        certificatePath: String,
        keyPath: String,
        authoritiesPath: String? = nil,
        asksClients: Bool = false
    ) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        self.authoritiesPath = authoritiesPath
        self.asksClients = asksClients
    }

    /// Why a file is of no use.
    package struct Fault: Error, Hashable, Sendable {
        package enum File: String, Hashable, Sendable {
            case certificate
            case key
            case authorities
        }

        package var file: File
        /// What is wrong with it, with its path, for the operator.
        package var reason: String

        package init(file: File, reason: String) {
            self.file = file
            self.reason = reason
        }
    }

    /// Reads the files, to see whether they can serve.
    ///
    /// - Throws: `Fault`.
    package func check() throws(Fault) {
        _ = try TLSContexts.Pair(self)
    }
}
