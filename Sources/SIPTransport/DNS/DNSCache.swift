internal import NIOCore
internal import SIPCore

/// The answers that still hold.
struct DNSCache {
    private struct Entry {
        var records: [DNSRecord]
        var expiry: NIODeadline
    }

    private let limit: Int
    private var entries: [DNSQuestion: Entry] = [:]

    /// - Parameter limit: how many answers are kept at most; peers name hosts.
    init(limit: Int = 1_024) {
        self.limit = limit
    }

    /// The records to a question, none where there are decidedly none; nil where it has to be asked.
    func records(_ question: DNSQuestion, now: NIODeadline) -> [DNSRecord]? {
        guard let entry = self.entries[question], now < entry.expiry else { return nil }
        return entry.records
    }

    mutating func keep(_ answer: DNSAnswer, to question: DNSQuestion, now: NIODeadline) {
        if self.entries.count >= self.limit, self.entries[question] == nil {
            self.entries = self.entries.filter { now < $0.value.expiry }
            // Which of them goes does not matter, and all at once is cheapest.
            if self.entries.count >= self.limit { self.entries.removeAll() }
        }
        self.entries[question] = Entry(records: answer.records, expiry: now + TimeAmount(answer.lifetime))
    }
}

extension TimeAmount {
    init(_ span: Span) {
        self = .nanoseconds(Int64(clamping: span.nanoseconds))
    }
}
