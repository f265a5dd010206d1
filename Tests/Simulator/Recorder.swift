/// Keeps what happened as text: for the ladder of a run, and for the trace of a call that went wrong.
///
/// Only a replay records: a first run stays fast.
final class Recorder {
    private struct Line {
        var text: String
        var call: String?
    }

    private var lines: [Line] = []
    /// Calls that are one: a `call_id` and the Call-IDs of its legs, on both gateways.
    private var groups: [String: Int] = [:]

    func note(_ second: Double, _ text: String, call: String?) {
        let micro = Int(second * 1_000_000 + 0.5)
        let fraction = String(micro % 1_000_000)
        let time = "\(micro / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
        self.lines.append(Line(text: "\(time)  \(text)", call: call))
    }

    /// Notes that two names mean one call: the second followed from the first.
    func join(_ call: String, _ other: String) {
        guard call != other else { return }
        switch (self.groups[call], self.groups[other]) {
        case (let group?, nil): self.groups[other] = group
        case (nil, let group?): self.groups[call] = group
        case (nil, nil):
            let group = self.groups.count
            self.groups[call] = group
            self.groups[other] = group
        case (.some, .some): break
        }
    }

    var ladder: [String] { self.lines.map { $0.text } }

    /// The last lines before a complaint that concern its call, and those that concern everybody.
    func trace(of call: String?, until complaint: String, last count: Int) -> [String] {
        let end = self.lines.firstIndex { $0.text.hasSuffix(complaint) }.map { $0 + 1 } ?? self.lines.count
        guard let call else { return self.lines[..<end].suffix(count).map { $0.text } }
        let group = self.groups[call]
        let lines = self.lines[..<end].filter { line in
            guard let other = line.call else { return line.text.contains("**") }
            return other == call || (group != nil && self.groups[other] == group)
        }
        return lines.suffix(count).map { $0.text }
    }
}
