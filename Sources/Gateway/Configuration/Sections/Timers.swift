extension GatewayConfiguration {
    /// `timers`: how long a call may wait for what.
    ///
    /// - `ring`: from its start to its answer, default 60 s.
    /// - `turn`: how long a phone's device rings before the one with a lower `q` does in its place, default 20 s.
    /// - `negotiation`: from the answer to the end of the first offer and answer, default 20 s.
    /// - `candidates`: for an app's candidates, where they must go into the session description; default 1 s.
    /// - `call`: how long a call may last from its answer on, default 0: as long as its parties like.
    /// - `drain`: how long running calls may go on once the gateway is told to stop, default 300 s.
    package struct Timers: Hashable, Sendable {
        package var ring: Duration
        package var turn: Duration
        package var negotiation: Duration
        package var candidates: Duration
        package var call: Duration
        package var drain: Duration
    }
}

extension GatewayConfiguration.Timers {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let atLeastOneSecond = Duration.seconds(1)...Duration.seconds(3_600)
        if let value = reader.value("resume_grace"),
            let grace = value.duration(in: .zero...DurationText.longest), grace != .zero
        {
            value.fail("resuming after a lost socket is planned for a later release; leave it out (the default is 0)")
        }
        let fromZero = Duration.zero...Duration.seconds(86_400)
        return Self(
            ring: reader.value("ring")?.duration(in: atLeastOneSecond) ?? .seconds(60),
            turn: reader.value("turn")?.duration(in: atLeastOneSecond) ?? .seconds(20),
            negotiation: reader.value("negotiation")?.duration(in: atLeastOneSecond) ?? .seconds(20),
            candidates: reader.value("candidates")?.duration(in: .zero...Duration.seconds(60)) ?? .seconds(1),
            call: reader.value("call")?.duration(in: fromZero) ?? .zero,
            drain: reader.value("drain")?.duration(in: fromZero) ?? .seconds(300)
        )
    }
}
