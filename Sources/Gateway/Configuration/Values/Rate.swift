/// So many in a period, written `10/min`; also the size of the burst that is allowed.
package struct Rate: Hashable, Sendable, CustomStringConvertible {
    /// A period, under the names that the configuration knows it by; the first is the one printed.
    package enum Period: Int, CaseIterable, Hashable, Sendable {
        case second = 1
        case minute = 60
        case hour = 3_600

        fileprivate var names: [String] {
            switch self {
            case .second: ["s", "sec", "second"]
            case .minute: ["min", "m", "minute"]
            case .hour: ["h", "hour"]
            }
        }
    }

    /// From 1 to 1,000,000.
    package var count: Int
    package var period: Period

    package init(count: Int, period: Period) {
        self.count = count
        self.period = period
    }

    /// Reads `COUNT/PERIOD`; nil where it is none.
    package init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count <= 7, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int(parts[0]), (1...1_000_000).contains(count),
            let period = Period.allCases.first(where: { $0.names.contains(String(parts[1])) })
        else { return nil }
        self.init(count: count, period: period)
    }

    package var description: String { "\(self.count)/\(self.period.names[0])" }
}
