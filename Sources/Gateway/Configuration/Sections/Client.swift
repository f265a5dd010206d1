internal import Foundation

extension GatewayConfiguration {
    /// `client`: the apps' side.
    ///
    /// - `listen`: where the WebSocket is served, default `127.0.0.1:8080`.
    /// - `tls`: `certificate` and `key`, PEM files; absent, plain `ws`.
    /// - `allowed_origins`: origins a browser may come from; empty, the default, is any.
    /// - `ice_servers`: STUN and TURN servers that apps are told of, default none.
    package struct Client: Hashable, Sendable {
        package var listen: HostPort
        package var tls: TLSFiles?
        package var allowedOrigins: [String]
        package var iceServers: [ICEServer]
    }

    /// A certificate chain and its key, as paths of PEM files that were readable at start.
    package struct TLSFiles: Hashable, Sendable {
        package var certificate: String
        package var key: String
    }

    /// One STUN or TURN server.
    ///
    /// - `urls`: one, or a list of them.
    /// - `username`, `credential`: for TURN, the same for every app.
    /// - `secret`: in place of both, the secret that a TURN server shares with us (coturn's `static-auth-secret`); each
    ///   app gets credentials of its own, good for `ttl`, default `24h`.
    package struct ICEServer: Hashable, Sendable {
        package var urls: [String]
        package var access: Access?

        /// How a TURN server lets apps in.
        package enum Access: Hashable, Sendable {
            case credential(username: String, Secret)
            case secret(Secret, ttl: Duration)
        }
    }
}

extension GatewayConfiguration.Client {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        return Self(
            listen: reader.value("listen")?.hostPort() ?? HostPort(host: "127.0.0.1", port: 8_080),
            tls: reader.value("tls").flatMap { $0.mapping() }.flatMap(GatewayConfiguration.TLSFiles.read),
            allowedOrigins: reader.value("allowed_origins")?.list(Self.readOrigin) ?? [],
            iceServers: reader.value("ice_servers")?.list(GatewayConfiguration.ICEServer.read) ?? []
        )
    }

    /// An origin as browsers send it (RFC 6454 §6.2): scheme and host, no path.
    private static func readOrigin(_ reader: ValueReader) -> String? {
        reader.converted(expected: "an origin; write https://app.example.org, without a path") { text in
            guard let colon = text.range(of: "://"), !text[..<colon.lowerBound].isEmpty else { return nil }
            let host = text[colon.upperBound...]
            guard !host.isEmpty, !host.contains("/"), !host.contains(" ") else { return nil }
            return text.lowercased()
        }
    }
}

extension GatewayConfiguration.TLSFiles {
    static func read(_ reader: MappingReader) -> Self? {
        defer { reader.finish() }
        let certificate = reader.required("certificate", "a key needs its certificate")?.readableFile()
        let key = reader.required("key", "a certificate needs its key")?.readableFile()
        guard let certificate, let key else { return nil }
        return Self(certificate: certificate, key: key)
    }
}

extension GatewayConfiguration.ICEServer {
    static func read(_ value: ValueReader) -> Self? {
        guard let reader = value.mapping() else { return nil }
        defer { reader.finish() }
        let urls = reader.required("urls").flatMap { value in
            value.isList ? value.list(Self.readURL) : Self.readURL(value).map { [$0] }
        }
        if let urls, urls.isEmpty { reader.fail("urls must name at least one server") }
        return Self(urls: urls ?? [], access: Self.readAccess(reader))
    }

    private static func readAccess(_ reader: MappingReader) -> Access? {
        let username = reader.value("username")?.nonEmptyText()
        let credential = reader.value("credential")?.secret()
        let secret = reader.value("secret")?.secret()
        let ttl = reader.value("ttl")?.duration(in: .seconds(60)...(.seconds(7 * 24 * 3600)))
        switch (username, credential, secret) {
        case (nil, nil, nil):
            if ttl != nil { reader.fail("ttl belongs to a secret") }
            return nil
        case (let username?, let credential?, nil):
            if ttl != nil { reader.fail("ttl belongs to a secret") }
            return .credential(username: username, credential)
        case (nil, nil, let secret?):
            return .secret(secret, ttl: ttl ?? .seconds(24 * 3600))
        case (_, _, nil):
            reader.fail("username and credential belong together")
            return nil
        case (_, _, _?):
            reader.fail("a secret stands in place of username and credential")
            return nil
        }
    }

    private static func readURL(_ reader: ValueReader) -> String? {
        reader.converted(expected: "a STUN or TURN URL; write stun:HOST[:PORT] or turn:HOST[:PORT]") { text in
            ["stun:", "stuns:", "turn:", "turns:"].contains { text.hasPrefix($0) && text.count > $0.count } ? text : nil
        }
    }
}
