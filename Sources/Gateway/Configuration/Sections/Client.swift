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

    /// One STUN or TURN server: `urls`, and for TURN a `username` and its `credential`.
    package struct ICEServer: Hashable, Sendable {
        package var urls: [String]
        package var username: String?
        package var credential: Secret?
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
        for key in ["secret", "ttl"] {
            reader.planned(key, "time-limited credentials are planned for a later release; leave it out for now")
        }
        let urls = reader.required("urls").flatMap { value in
            value.isList ? value.list(Self.readURL) : Self.readURL(value).map { [$0] }
        }
        if let urls, urls.isEmpty { reader.fail("urls must name at least one server") }
        let server = Self(
            urls: urls ?? [],
            username: reader.value("username")?.nonEmptyText(),
            credential: reader.value("credential")?.secret()
        )
        if (server.credential == nil) != (server.username == nil) {
            reader.fail("username and credential belong together")
        }
        return server
    }

    private static func readURL(_ reader: ValueReader) -> String? {
        reader.converted(expected: "a STUN or TURN URL; write stun:HOST[:PORT] or turn:HOST[:PORT]") { text in
            ["stun:", "stuns:", "turn:", "turns:"].contains { text.hasPrefix($0) && text.count > $0.count } ? text : nil
        }
    }
}
