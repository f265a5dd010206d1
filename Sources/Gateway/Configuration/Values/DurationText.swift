/// Lengths of time as the configuration and the command line write them: `500ms`, `30s`, `1h`, `0`.
package enum DurationText {
    /// Milliseconds in one of each unit, the largest first.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// The longest that is accepted, so that no arithmetic on it can overflow: 3650 days.
    package static let longest = Duration.seconds(3_650 * 86_400)

    /// Reads a whole number and its unit (`ms`, `s`, `m`, `h`, `d`); `0` needs no unit.
    ///
    /// - Returns: nil where it is none, or is longer than `longest`.
    package static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, digits.count <= 15, let count = Int64(digits) else { return nil }
        let name = text.dropFirst(digits.count)
        guard let unit = self.units.first(where: { $0.name == name }) else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow, milliseconds <= self.longest.components.seconds * 1_000 else { return nil }
        return .milliseconds(milliseconds)
    }

    /// The shortest text that reads back as the same length, to the millisecond: `90s`, `1h`, `500ms`.
    package static func print(_ duration: Duration) -> String {
        let components = duration.components
        let milliseconds = components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
        if milliseconds == 0 { return "0" }
        // Minutes are left out: `90s` says more than a mix of units, and whole hours are what people write.
        for unit in self.units where unit.name != "m" && unit.name != "d" && milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.name)"
        }
        return "\(milliseconds)ms"
    }
}
