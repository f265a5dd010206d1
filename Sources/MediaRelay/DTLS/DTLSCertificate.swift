import COpenSSL
package import MediaCore

/// The certificate that the process shows in DTLS, and what every session is made from.
///
/// It is made anew at each start, and signs itself: what makes it ours is the fingerprint in the descriptions
/// (RFC 5763 §5). All loops share it.
@safe
package final class DTLSCertificate: Sendable {
    /// SHA-256, which everyone knows (RFC 8122 §5.1).
    package let fingerprint: DTLSFingerprint

    // An SSL_CTX counts its references and locks itself, so that sessions may be made from it on any thread; nothing
    // is set in it after `init`.
    nonisolated(unsafe) let context: OpaquePointer

    /// ECDHE alone; RSA for peers whose own certificate is of that kind, as a server we take none of these.
    private static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384"
    private static let groups = "X25519:P-256:P-384"
    /// The most bytes of a peer's certificates; one of RSA 4096 has about 1,300.
    private static let certificateLimit = 16_384
    /// The most bytes of a record, so that a session needs no buffer of 16 KB to write.
    private static let fragment = 1024
    /// Backward for clocks that differ, forward for a process that runs long: nobody but careless peers checks.
    private static let (daysBefore, daysAfter): (Int32, Int32) = (-2, 3650)

    private static let commonName = "switchhook"
    /// MBSTRING_UTF8, a macro that is not imported.
    private static let utf8: Int32 = 0x1000

    /// Makes key, certificate and context.
    ///
    /// - Parameter profiles: what `use_srtp` offers and takes, best first.
    /// - Throws: `DTLSFailure.library` where OpenSSL lacks what is asked of it.
    package init(profiles: [SRTPProfile] = [.aes128GCM, .aes128SHA1Tag80]) throws(DTLSFailure) {
        OpenSSLErrors.clear()
        guard let key = unsafe switchhook_openssl_p256_key() else { throw .library(OpenSSLErrors.drain()) }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe X509_new() else { throw .library(OpenSSLErrors.drain()) }
        defer { unsafe X509_free(certificate) }
        guard unsafe Self.fill(certificate, key: key),
            let bytes = unsafe Self.digest(of: certificate, algorithm: "sha-256"),
            let context = unsafe SSL_CTX_new(DTLS_method())
        else { throw .library(OpenSSLErrors.drain()) }
        guard unsafe Self.prepare(context, profiles: profiles),
            unsafe SSL_CTX_use_certificate(context, certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, key) == 1
        else {
            unsafe SSL_CTX_free(context)
            throw .library(OpenSSLErrors.drain())
        }
        self.fingerprint = DTLSFingerprint(algorithm: "sha-256", bytes: bytes)
        unsafe self.context = context
    }

    deinit {
        unsafe SSL_CTX_free(self.context)
    }

    /// The digest of a certificate by the algorithm that `a=fingerprint` names; nil for those that must not be trusted.
    static func digest(of certificate: OpaquePointer, algorithm: String) -> [UInt8]? {
        guard let length = DTLSFingerprint.digestLength(of: algorithm) else { return nil }
        let function =
            switch algorithm {
            case "sha-1": unsafe EVP_sha1()
            case "sha-224": unsafe EVP_sha224()
            case "sha-256": unsafe EVP_sha256()
            case "sha-384": unsafe EVP_sha384()
            default: unsafe EVP_sha512()
            }
        // EVP_MAX_MD_SIZE.
        var bytes = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        guard unsafe X509_digest(certificate, function, &bytes, &count) == 1, Int(count) == length else { return nil }
        return Array(bytes.prefix(length))
    }

    /// Writes the certificate and signs it.
    private static func fill(_ certificate: OpaquePointer, key: OpaquePointer) -> Bool {
        var random = [UInt8](repeating: 0, count: 8)
        guard unsafe RAND_bytes(&random, 8) == 1 else { return false }
        // Positive, and never zero (RFC 5280 §4.1.2.2).
        let serial = random.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 1 | 1
        // 2 stands for version 3.
        guard unsafe X509_set_version(certificate, 2) == 1,
            unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1,
            unsafe X509_time_adj_ex(X509_getm_notBefore(certificate), Self.daysBefore, 0, nil) != nil,
            unsafe X509_time_adj_ex(X509_getm_notAfter(certificate), Self.daysAfter, 0, nil) != nil
        else { return false }
        let name = unsafe X509_get_subject_name(certificate)
        guard unsafe X509_NAME_add_entry_by_txt(name, "CN", Self.utf8, Self.commonName, -1, -1, 0) == 1,
            unsafe X509_set_issuer_name(certificate, name) == 1,
            unsafe X509_set_pubkey(certificate, key) == 1
        else { return false }
        return unsafe X509_sign(certificate, key, EVP_sha256()) > 0
    }

    /// Sets what holds for both roles.
    private static func prepare(_ context: OpaquePointer, profiles: [SRTPProfile]) -> Bool {
        // Each side asks for the other's certificate and takes any: the fingerprint decides, not the chain.
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        unsafe SSL_CTX_set_cert_verify_callback(context, { _, _ in 1 }, nil)
        let settings = unsafe switchhook_openssl_dtls_settings(
            context,
            Self.ciphers,
            Self.groups,
            Self.certificateLimit,
            Self.fragment
        )
        let names = profiles.map(\.dtlsName).joined(separator: ":")
        // Zero is success for this function alone.
        return unsafe settings == 1 && SSL_CTX_set_tlsext_use_srtp(context, names) == 0
    }
}
