import Glibc
import Simulator

/// `simulate [--calls N] [--seed S] [--only S] [--verbose]`: runs many calls through two gateways, and checks them.

/// What the command line asks for.
struct Options {
    var calls = 5000
    var seed: UInt64 = 1
    var only: UInt64?
    var isVerbose = false

    static let usage = """
        usage: simulate [--calls N] [--seed S] [--only S] [--verbose]
          --calls N   how many calls, in batches of 50 (5000)
          --seed S    the first seed (1); each batch has the next one
          --only S    run that seed alone
          --verbose   print every message with its simulated time
        """

    /// nil: the command line makes no sense.
    init?(_ arguments: [String]) {
        var arguments = arguments[...]
        while let argument = arguments.popFirst() {
            switch argument {
            case "--verbose": self.isVerbose = true
            case "--calls":
                guard let calls = arguments.popFirst().flatMap({ Int($0) }), calls > 0 else { return nil }
                self.calls = calls
            case "--seed":
                guard let seed = arguments.popFirst().flatMap({ UInt64($0) }) else { return nil }
                self.seed = seed
            case "--only":
                guard let seed = arguments.popFirst().flatMap({ UInt64($0) }) else { return nil }
                self.only = seed
            default: return nil
            }
        }
    }
}

/// The sum of many runs.
struct Total {
    var calls = 0
    var events = 0
    var outcomes: [String: Int] = [:]
    var faults = SimulationReport.Faults()
    var registrations = 0
    var transfers = SimulationReport.Transfers()
    var redirects = 0
    var failed: [UInt64] = []

    mutating func add(_ report: SimulationReport) {
        self.calls += report.calls
        self.events += report.events
        self.outcomes.merge(report.outcomes) { $0 + $1 }
        self.faults += report.faults
        self.registrations += report.registrations
        self.transfers += report.transfers
        self.redirects += report.redirects
        if !report.violations.isEmpty { self.failed.append(report.seed) }
    }

    /// The closing line.
    var line: String {
        var outcomes = self.outcomes
        let answered = outcomes.removeValue(forKey: "answered") ?? 0
        let others = outcomes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        return """
            \(self.calls) calls, \(answered) answered, \(others.joined(separator: ", ")); \
            \(self.transfers.succeeded) transfers (\(self.transfers.failed) failed), \(self.redirects) redirects, \
            \(self.registrations) registrations; \
            \(self.events) messages, \(self.faults.lost) lost, \(self.faults.duplicated) duplicated, \
            \(self.faults.reordered) reordered, \(self.faults.cuts) cuts
            """
    }
}

func show(_ report: SimulationReport, withTrace: Bool) {
    for violation in report.violations.prefix(withTrace ? 20 : 1) {
        print("seed \(report.seed), \(violation.second) s: \(violation.text)  [\(violation.call ?? "-")]")
    }
    if withTrace, let first = report.violations.first {
        print("  what led to the first of them:")
        for line in first.trace { print("    \(line)") }
        print("  replay: simulate --only \(report.seed) --verbose")
    }
}

func main(_ arguments: [String]) async -> Bool {
    guard let options = Options(arguments) else {
        print(Options.usage)
        return false
    }
    var total = Total()
    if let only = options.only {
        let simulation = Simulation(seed: only, profile: .drawn(seed: only))
        if options.isVerbose {
            let (report, ladder) = simulation.ladder()
            for line in ladder { print(line) }
            total.add(report)
        } else {
            let report = simulation.run()
            show(report, withTrace: true)
            total.add(report)
        }
    } else {
        let batch = SimulationProfile.stormy.calls
        let count = UInt64((options.calls + batch - 1) / batch)
        let first = options.seed
        let isVerbose = options.isVerbose
        // Two workers, each with every other seed: no run knows of another.
        let reports = await withTaskGroup(of: [SimulationReport].self) { group in
            for worker in 0..<UInt64(2) {
                group.addTask {
                    var reports: [SimulationReport] = []
                    for index in stride(from: worker, to: count, by: 2) {
                        let seed = first &+ index
                        let simulation = Simulation(seed: seed, profile: .drawn(seed: seed))
                        if isVerbose {
                            let (report, ladder) = simulation.ladder()
                            print((["seed \(seed)"] + ladder).joined(separator: "\n"))
                            reports.append(report)
                        } else {
                            reports.append(simulation.run())
                        }
                    }
                    return reports
                }
            }
            return await group.reduce(into: [SimulationReport]()) { $0 += $1 }
        }
        for report in reports.sorted(by: { $0.seed < $1.seed }) {
            total.add(report)
            if !report.violations.isEmpty { show(report, withTrace: total.failed.count <= 3) }
        }
    }
    print(total.line)
    if !total.failed.isEmpty {
        print("FAILED seeds: \(total.failed.prefix(20).map { String($0) }.joined(separator: " "))")
        print("replay: swift run -c release simulate --only \(total.failed[0]) --verbose")
        return false
    }
    let faults = total.faults
    if options.only == nil, [faults.lost, faults.duplicated, faults.reordered, faults.cuts].contains(0) {
        print("a kind of fault was never injected: more calls are needed to tell anything")
        return false
    }
    return true
}

if await !main(Array(CommandLine.arguments.dropFirst())) { exit(1) }
