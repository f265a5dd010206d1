extension GatewayConfiguration {
    /// `admin`: health, metrics and the list of calls over HTTP.
    ///
    /// - `listen`: default `127.0.0.1:9090`.
    /// - `token`: a bearer token that `/metrics` and `/api` ask for; required off loopback, default none.
    package struct Admin: Hashable, Sendable {
        package var listen: HostPort
        package var token: Secret?
    }
}

extension GatewayConfiguration.Admin {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let admin = Self(
            listen: reader.value("listen")?.hostPort() ?? HostPort(host: "127.0.0.1", port: 9_090),
            token: reader.value("token")?.secret()
        )
        if !admin.listen.isLoopback, reader.value("token") == nil {
            reader.context.fault(
                line: reader.lineOf("listen"),
                path: reader.pathOf("listen"),
                "\(admin.listen) is not a loopback address, so admin.token must be set"
            )
        }
        return admin
    }
}
