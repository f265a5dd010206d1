internal import NIOSSL

/// Why a TLS connection came to nothing, in words for the operator.
enum TLSFailure {
    static let otherName = "its certificate is for another name"

    static func text(_ error: any Error) -> String {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return self.otherName
        case NIOSSLError.handshakeFailed(let cause), NIOSSLError.shutdownFailed(let cause):
            let text = "\(cause)"
            // BoringSSL tells no more.
            guard text.contains("CERTIFICATE_VERIFY_FAILED") else { return text }
            return "its certificate has expired, or comes from an authority that is not ours"
        default:
            return "\(error)"
        }
    }
}
