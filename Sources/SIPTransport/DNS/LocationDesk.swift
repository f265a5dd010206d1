internal import NIOCore
internal import SIPCore

/// The searches that are under way, and what they have asked for: each question once, whoever asks it.
final class LocationDesk {
    typealias Answer = @Sendable ([SIPTarget]) -> Void

    private final class Search {
        var machine: TargetSearch
        let then: Answer

        init(_ machine: TargetSearch, then: @escaping Answer) {
            self.machine = machine
            self.then = then
        }
    }

    /// Searches under way at once; those of more find nothing.
    private static let mostSearches = 4_096

    private let source: any NameSource
    private let reach: [TargetSearch.Reach]
    private var cache = DNSCache()
    private var waiting: [DNSQuestion: [Search]] = [:]
    private var searches = 0
    private var random = SystemRandomNumberGenerator()

    init(source: any NameSource, reach: [TargetSearch.Reach]) {
        self.source = source
        self.reach = reach
    }

    func locate(_ target: SIPTarget, now: NIODeadline, then: @escaping Answer) {
        guard target.host.isHostName, self.searches < Self.mostSearches else { return then([]) }
        self.searches += 1
        let search = Search(TargetSearch(target, reach: self.reach), then: then)
        self.carryOut(search.machine.start(), of: search, now: now)
    }

    func answered(_ answer: DNSAnswer, to question: DNSQuestion, now: NIODeadline) {
        self.cache.keep(answer, to: question, now: now)
        for search in self.waiting.removeValue(forKey: question) ?? [] {
            self.pass(answer.records, to: question, search, now: now)
        }
    }

    private func pass(_ records: [DNSRecord], to question: DNSQuestion, _ search: Search, now: NIODeadline) {
        let outcome = search.machine.received(records, to: question, random: &self.random)
        self.carryOut(outcome, of: search, now: now)
    }

    /// A search has few stages, so this ends soon even where the cache knows everything.
    private func carryOut(_ outcome: TargetSearch.Outcome, of search: Search, now: NIODeadline) {
        switch outcome {
        case .wait:
            break
        case .found(let targets):
            self.searches -= 1
            search.then(targets)
        case .ask(let questions):
            let known = questions.map { ($0, self.cache.records($0, now: now)) }
            for case (let question, nil) in known {
                let isNew = self.waiting[question] == nil
                self.waiting[question, default: []].append(search)
                if isNew { self.source.ask(question) }
            }
            for case (let question, let records?) in known { self.pass(records, to: question, search, now: now) }
        }
    }

    /// Nothing more will be found.
    func close() {
        let searches = self.waiting.values.flatMap { $0 }
        self.waiting = [:]
        var told: Set<ObjectIdentifier> = []
        for search in searches where told.insert(ObjectIdentifier(search)).inserted { search.then([]) }
    }
}
