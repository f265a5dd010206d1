import Simulator
import Testing

@Suite("Two gateways, simulated")
struct SimulationTests {
    @Test("The invariants hold", arguments: UInt64(1)...60)
    func invariantsHold(seed: UInt64) {
        let report = Simulation(seed: seed, profile: .drawn(seed: seed)).run()
        #expect(report.violations.isEmpty, "\(report.story)")
        #expect(report.outcomes["never heard"] == nil)
    }

    /// The check of a relay is worth as much as the relay has to do.
    @Test("With a relay, most calls are joined, and good people's all answered")
    func relayed() {
        var profile = SimulationProfile.calm
        profile.relays = true
        let calm = Simulation(seed: 1, profile: profile).run()
        #expect(calm.violations.isEmpty, "\(calm.story)")
        #expect(calm.answered == calm.calls)
        #expect(calm.joins > calm.calls / 2)
        #expect(Simulation(seed: 1, profile: .calm).run().joins == 0)
    }

    /// Good people and good links: all that newer phones do has to work.
    @Test("With reliable ringing, UPDATE and session timers, good people's calls are all answered, and last")
    func extensions() {
        var profile = SimulationProfile.calm
        profile.hasExtensions = true
        for relays in [false, true] {
            profile.relays = relays
            let report = Simulation(seed: 1, profile: profile).run()
            #expect(report.violations.isEmpty, "\(report.story)")
            #expect(report.answered == report.calls)
            let (_, ladder) = Simulation(seed: 1, profile: profile).ladder()
            #expect(ladder.contains { $0.contains("PRACK sip:") })
            #expect(ladder.contains { $0.contains("UPDATE sip:") })
        }
        profile = .stormy
        profile.hasExtensions = true
        let stormy = Simulation(seed: 1, profile: profile).run()
        #expect(stormy.violations.isEmpty, "\(stormy.story)")
        #expect(stormy.answered > 10)
    }

    @Test("Calm, stormy and harsh runs inject what they promise, and get most calls through")
    func faults() {
        let calm = Simulation(seed: 1, profile: .calm).run()
        #expect(calm.answered == calm.calls)
        #expect(calm.faults.lost == 0)
        #expect(calm.faults.cuts == 0)
        #expect(calm.faults.duplicated > 0)
        #expect(calm.faults.reordered > 0)
        let stormy = Simulation(seed: 1, profile: .stormy).run()
        #expect(stormy.faults.lost > 0)
        #expect(stormy.faults.cuts > 0)
        #expect(stormy.answered > 10)
        let harsh = Simulation(seed: 1, profile: .harsh).run()
        #expect(harsh.faults.lost > stormy.faults.lost)
    }

    @Test("Phones register, refresh, move and come back, and are called; good ones are reached each time")
    func registrations() {
        var profile = SimulationProfile.calm
        profile.registers = true
        let calm = Simulation(seed: 1, profile: profile).run()
        #expect(calm.violations.isEmpty, "\(calm.story)")
        #expect(calm.answered == calm.calls)
        #expect(calm.registrations > 12)
        var granted = 0
        for seed in UInt64(1)...5 {
            var profile = SimulationProfile.stormy
            profile.registers = true
            let report = Simulation(seed: seed, profile: profile).run()
            #expect(report.violations.isEmpty, "\(report.story)")
            granted += report.registrations
        }
        #expect(granted > 100)
        #expect(Simulation(seed: 1, profile: .calm).run().registrations == 0)
    }

    /// On good links good people's transfers fail only where two begin at once, or somebody hangs up meanwhile.
    @Test("Apps and phones hand their calls on, by REFER and by themselves, and who stays talks to who comes")
    func transfers() {
        var profile = SimulationProfile.calm
        profile.relays = true
        profile.transfers = true
        var calm = SimulationReport.Transfers()
        for seed in UInt64(1)...3 {
            let report = Simulation(seed: seed, profile: profile).run()
            #expect(report.violations.isEmpty, "\(report.story)")
            calm += report.transfers
        }
        #expect(calm.succeeded > 3 * calm.failed)
        #expect(calm.succeeded > 15)
        profile = .stormy
        profile.relays = true
        profile.transfers = true
        var stormy = SimulationReport.Transfers()
        for seed in UInt64(1)...3 {
            let report = Simulation(seed: seed, profile: profile).run()
            #expect(report.violations.isEmpty, "\(report.story)")
            stormy += report.transfers
        }
        #expect(stormy.succeeded > 3)
        #expect(stormy.failed > 3)
        #expect(Simulation(seed: 1, profile: .calm).run().transfers == SimulationReport.Transfers())
    }

    @Test("A phone's 302 leads to other phones and apps")
    func redirects() {
        let reports = (UInt64(1)...5).map { Simulation(seed: $0, profile: .racing).run() }
        #expect(reports.reduce(0) { $0 + $1.redirects } > 0)
        #expect(Simulation(seed: 1, profile: .calm).run().redirects == 0)
    }

    @Test("A transfer that leaves the old call up is noticed") func keptTransferor() {
        var profile = SimulationProfile.racing
        profile.relays = true
        profile.transfers = true
        profile.plantedFault = .keptTransferor
        let complaints = (UInt64(1)...5).flatMap { seed in
            Simulation(seed: seed, profile: profile).run().violations.map(\.text)
        }
        #expect(complaints.contains { $0.contains("its own call is still up") }, "\(complaints)")
    }

    @Test("A seed run twice goes the same way, event for event; another seed goes another")
    func replays() {
        let first = Simulation(seed: 3, profile: .stormy).run()
        let second = Simulation(seed: 3, profile: .stormy).run()
        #expect(first.hash == second.hash)
        #expect(first.outcomes == second.outcomes)
        #expect(Simulation(seed: 4, profile: .stormy).run().hash != first.hash)
    }

    @Test("A run that is recorded goes the way of the one that is not, and tells it")
    func records() {
        let plain = Simulation(seed: 6, profile: .stormy).run()
        let (recorded, ladder) = Simulation(seed: 6, profile: .stormy).ladder()
        #expect(plain.hash == recorded.hash)
        #expect(ladder.count > 500)
        #expect(ladder.contains { $0.contains("INVITE sip:") })
        #expect(ladder.contains { $0.contains("call_answered") })
    }

    @Test("With every ACK to the gateways lost, calls still end on both legs, by BYE")
    func lostAcks() {
        var profile = SimulationProfile.stormy
        profile.plantedFault = .lostAcks
        var lost = 0
        for seed in UInt64(1)...5 {
            let report = Simulation(seed: seed, profile: profile).run()
            #expect(report.violations.isEmpty, "\(report.story)")
            lost += report.hangUps["connection_lost"] ?? 0
        }
        #expect(lost > 5)
    }

    @Test(
        "A fault that is planted is noticed",
        arguments: [
            (PlantedFault.swallowedEnding, "was not told"), (.doubledEnding, "after the end"),
            (.deafToHangUp, "ended 0 calls"), (.secondFinal, "after its final"), (.neverAcks, "was never ACKed"),
            (.neverEnds, "was never told that its call is over"),
        ] as [(PlantedFault, String)]
    )
    func plantedFaults(fault: PlantedFault, complaint: String) {
        var profile = SimulationProfile.stormy
        profile.plantedFault = fault
        let report = Simulation(seed: 2, profile: profile).run()
        let complaints = report.violations.filter { $0.text.contains(complaint) }
        #expect(!complaints.isEmpty, "\(report.violations.map { $0.text })")
        #expect(complaints.allSatisfy { !$0.trace.isEmpty })
    }

    @Test("A binding that outlives its expiry is noticed, by a call that comes and at the end")
    func eternalBindings() {
        var profile = SimulationProfile.racing
        profile.registers = true
        profile.plantedFault = .eternalBindings
        let complaints = (UInt64(1)...5).flatMap { seed in
            Simulation(seed: seed, profile: profile).run().violations.map(\.text)
        }
        #expect(complaints.contains { $0.contains("whose binding is over") })
        #expect(complaints.contains { $0.contains("in its store") })
    }

    /// Only good links leave no doubt about who is to blame.
    @Test("A call that ends for want of media is noticed where both parties did what was due")
    func unheardAnswers() {
        var profile = SimulationProfile.racing
        #expect(Simulation(seed: 2, profile: profile).run().violations.isEmpty)
        profile.plantedFault = .deafToAnswer
        let report = Simulation(seed: 2, profile: profile).run()
        #expect(
            report.violations.contains { $0.text.contains("for want of media") },
            "\(report.violations.map { $0.text })"
        )
    }
}

extension SimulationReport {
    /// What went wrong, and what led to it.
    fileprivate var story: String {
        var lines = self.violations.map { "seed \(self.seed), \($0.second) s: \($0.text)" }
        lines += self.violations.first?.trace ?? []
        lines.append("replay: swift run simulate --only \(self.seed) --verbose")
        return lines.joined(separator: "\n")
    }
}
