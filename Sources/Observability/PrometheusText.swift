/// Writes metrics in the Prometheus text exposition format, version 0.0.4.
package struct PrometheusText: Sendable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// The content type that goes with the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var text = ""

    package init() {}

    /// Writes a metric's HELP and TYPE; its samples follow.
    package mutating func describe(_ name: String, _ kind: Kind, _ help: String) {
        self.text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Writes one sample.
    package mutating func sample(_ name: String, _ labels: [(name: String, value: String)] = [], _ value: Double) {
        self.text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            self.text += "{\(pairs.joined(separator: ","))}"
        }
        self.text += " \(Self.number(value))\n"
    }

    /// Writes a metric that has one sample.
    package mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.describe(name, kind, help)
        self.sample(name, [], value)
    }

    /// Writes a histogram, each bucket with all that is below it.
    package mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        self.describe(name, .histogram, help)
        var below = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            below += count
            self.sample("\(name)_bucket", [("le", Self.number(bound))], Double(below))
        }
        let all = histogram.counts.reduce(0, +)
        self.sample("\(name)_bucket", [("le", "+Inf")], Double(all))
        self.sample("\(name)_sum", [], histogram.sum)
        self.sample("\(name)_count", [], Double(all))
    }

    /// A whole number without a fraction, others as Swift prints them, which Prometheus reads.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
