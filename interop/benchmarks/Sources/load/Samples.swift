/// Durations, and what is told of them.
struct Samples {
    private var nanoseconds: [Int64] = []

    mutating func add(_ nanoseconds: Int64) {
        self.nanoseconds.append(nanoseconds)
    }

    /// The median and the 99th percentile in milliseconds, as a JSON object.
    var json: String {
        let sorted = self.nanoseconds.sorted()
        func percentile(_ share: Double) -> String {
            guard !sorted.isEmpty else { return "null" }
            let index = min(sorted.count - 1, Int(share * Double(sorted.count)))
            return String(Double(sorted[index]) / 1e6)
        }
        return #"{"p50_ms":\#(percentile(0.5)),"p99_ms":\#(percentile(0.99))}"#
    }
}
