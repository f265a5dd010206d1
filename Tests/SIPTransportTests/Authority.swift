import SIPTransport
import TestSupport

/// An authority that signs certificates, with files that go when it goes.
struct Authority: ~Copyable {
    private let openssl: OpenSSL

    init() throws {
        let openssl = try OpenSSL()
        try openssl.run(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "2",
            "-subj",
            "/CN=Authority",
            "-addext",
            "basicConstraints=critical,CA:TRUE"
        )
        self.openssl = openssl
    }

    /// The authority's own certificate.
    var path: String { self.openssl.path("ca.pem") }

    /// A new certificate for that name or address (`DNS:sip.example.org`, `IP:127.0.0.1`), trusting this authority, or
    /// `trusting`.
    func settings(
        for subject: String,
        file: String = "peer",
        trusting authorities: String? = nil,
        asksClients: Bool = false,
        days: Int = 2
    ) throws -> TLSSettings {
        try self.openssl.run(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            "\(file).key",
            "-out",
            "\(file).csr",
            "-subj",
            "/CN=peer",
            "-addext",
            "subjectAltName=\(subject)"
        )
        try self.openssl.run(
            "x509",
            "-req",
            "-in",
            "\(file).csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "\(days)",
            "-copy_extensions",
            "copy",
            "-out",
            "\(file).pem"
        )
        return TLSSettings(
            certificatePath: self.openssl.path("\(file).pem"),
            keyPath: self.openssl.path("\(file).key"),
            authoritiesPath: authorities ?? self.path,
            asksClients: asksClients
        )
    }
}
