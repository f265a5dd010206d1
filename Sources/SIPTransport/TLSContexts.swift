internal import Glibc
internal import NIOCore
internal import NIOSSL
internal import SIPCore
internal import Synchronization

/// The certificates and keys of all TLS connections; new ones serve the connections that come after them.
final class TLSContexts: Sendable {
    /// What one set of files makes.
    struct Pair: Sendable {
        /// Toward whoever connects.
        var server: NIOSSLContext
        /// Toward those whom we connect to.
        var client: NIOSSLContext
    }

    private let contexts = Mutex<Pair?>(nil)

    /// Reads the files; the former contexts stay where one of them is of no use.
    func load(_ settings: TLSSettings) throws(TLSSettings.Fault) {
        let pair = try Pair(settings)
        self.contexts.withLock { $0 = pair }
    }

    /// What goes before a connection of this origin.
    ///
    /// A peer that we connect to must have a certificate for the name that it was asked for, or for its address where it was
    /// asked for by that and is not known to us by a name (RFC 5922 §7).
    ///
    /// - Parameters:
    ///   - origin: who opened it.
    ///   - name: what the peer is known by; nil: its address.
    /// - Returns: the handler.
    /// - Throws: `ChannelError.inputClosed` where there are no contexts, `NIOSSLError`.
    func handler(_ origin: Connection.Origin, name: String?) throws -> any ChannelHandler {
        guard let contexts = self.contexts.withLock({ $0 }) else { throw ChannelError.inputClosed }
        switch origin {
        case .accepted:
            return NIOSSLServerHandler(context: contexts.server)
        case .opened:
            return try NIOSSLClientHandler(context: contexts.client, serverHostname: name)
        }
    }
}

extension TLSContexts.Pair {
    init(_ settings: TLSSettings) throws(TLSSettings.Fault) {
        let chain = try Self.certificates(settings.certificatePath, .certificate)
        guard let own = chain.first else {
            throw TLSSettings.Fault(file: .certificate, reason: "no certificate in \(settings.certificatePath)")
        }
        try Self.checkTime(of: own, settings.certificatePath)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: settings.keyPath, format: .pem)
        } catch {
            throw TLSSettings.Fault(file: .key, reason: "no private key without a passphrase in \(settings.keyPath)")
        }
        var authorities = NIOSSLTrustRoots.default
        if let path = settings.authoritiesPath {
            authorities = .certificates(try Self.certificates(path, .authorities))
        }
        var server = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        server.minimumTLSVersion = .tlsv12
        if settings.asksClients {
            server.trustRoots = authorities
            // A client has no name that it was reached by: who signed its certificate is what counts.
            server.certificateVerification = .noHostnameVerification
        }
        var client = TLSConfiguration.makeClientConfiguration()
        client.minimumTLSVersion = .tlsv12
        client.trustRoots = authorities
        client.certificateChain = server.certificateChain
        client.privateKey = server.privateKey
        do {
            self.server = try NIOSSLContext(configuration: server)
            self.client = try NIOSSLContext(configuration: client)
        } catch {
            // The files are good by themselves.
            throw TLSSettings.Fault(
                file: .key,
                reason: "\(settings.keyPath) is not the key of the certificate in \(settings.certificatePath)"
            )
        }
    }

    private static func certificates(
        _ path: String,
        _ file: TLSSettings.Fault.File
    ) throws(TLSSettings.Fault) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw TLSSettings.Fault(file: file, reason: "no certificate in \(path)")
        }
    }

    private static func checkTime(of certificate: NIOSSLCertificate, _ path: String) throws(TLSSettings.Fault) {
        let now = time(nil)
        let (start, end) = (certificate.notValidBefore, certificate.notValidAfter)
        guard start > now || end < now else { return }
        let moment = SIPDate.text(UInt64(max(0, start > now ? start : end)))
        throw TLSSettings.Fault(
            file: .certificate,
            reason: start > now ? "\(path) is not valid before \(moment)" : "\(path) expired on \(moment)"
        )
    }
}

extension SIPTarget {
    /// Whether the host is an IP address.
    var isLiteral: Bool { (try? SocketAddress(ipAddress: self.host, port: 0)) != nil }

    /// The name that a TLS peer there has to prove, where the target has one.
    var nameToProve: String? { self.name ?? (self.isLiteral ? nil : self.host) }
}
