/// One seeded run of two gateways with many calls between apps and phones.
///
/// ### Overview
/// Whole gateways, each a `CallTable` with its `SIPUserAgent`, joined by a trunk; around them phones, a forking proxy for
/// each, and apps, all of them written against the protocols and not against the gateway. Links lose, double, delay and
/// reorder datagrams; connections break; users race, cancel, vanish. Time is simulated: minutes of calls take
/// milliseconds.
///
/// ### Implementation
/// All that is drawn comes from the seed, so a run that fails is run again bit for bit. The checks stand where messages
/// leave a gateway (`ClientAuditor`, `GatewayNode`), in the phones, and at the end, when everything must be at rest.
package struct Simulation {
    private let seed: UInt64
    private let profile: SimulationProfile

    package init(seed: UInt64, profile: SimulationProfile) {
        self.seed = seed
        self.profile = profile
    }

    /// Runs it; a run that breaks an invariant is run again to record what led to it.
    package func run() -> SimulationReport {
        let report = self.world(recorder: nil).report()
        guard !report.violations.isEmpty else { return report }
        let recorder = Recorder()
        var replay = self.world(recorder: recorder).report()
        for index in replay.violations.indices {
            let violation = replay.violations[index]
            replay.violations[index].trace = recorder.trace(
                of: violation.call,
                until: violation.text,
                last: 60
            )
        }
        if replay.hash != report.hash {
            replay.violations.append(.init(second: 0, text: "the replay took another way than the run"))
        }
        return replay
    }

    /// Runs it and gives every message with its time.
    package func ladder() -> (SimulationReport, [String]) {
        let recorder = Recorder()
        let report = self.world(recorder: recorder).report()
        return (report, recorder.ladder)
    }

    private func world(recorder: Recorder?) -> World {
        let world = World(seed: self.seed, profile: self.profile, recorder: recorder)
        world.run()
        return world
    }
}
