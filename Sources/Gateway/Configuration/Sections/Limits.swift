extension GatewayConfiguration {
    /// `limits`: how much one user, or all together, may have at once.
    ///
    /// - `calls_per_user`: default 4.
    /// - `call_rate_per_user`: calls that a user may start, default `10/min`.
    /// - `sockets_per_user`: default 8.
    /// - `message_bytes`: of one message from an app, default 65536.
    /// - `calls`: of the whole gateway, default 10000.
    package struct Limits: Hashable, Sendable {
        package var callsPerUser: Int
        package var callRatePerUser: Rate
        package var socketsPerUser: Int
        package var messageBytes: Int
        package var calls: Int
    }
}

extension GatewayConfiguration.Limits {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let many = 1...1_000_000
        return Self(
            callsPerUser: reader.value("calls_per_user")?.integer(in: many) ?? 4,
            callRatePerUser: reader.value("call_rate_per_user")?
                .converted(expected: "a rate; write 10/min, 2/s or 100/h", Rate.init(text:))
                ?? Rate(count: 10, period: .minute),
            socketsPerUser: reader.value("sockets_per_user")?.integer(in: many) ?? 8,
            messageBytes: reader.value("message_bytes")?.integer(in: 1_024...1_048_576) ?? 65_536,
            calls: reader.value("calls")?.integer(in: many) ?? 10_000
        )
    }
}
