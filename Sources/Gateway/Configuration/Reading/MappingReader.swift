internal import Yams

/// A mapping of the file.
///
/// It knows which keys were asked for, so that `finish` can name those that nobody knows.
final class MappingReader {
    private struct Entry {
        var key: String
        var keyLine: Int?
        var value: Node
    }

    let path: String
    let line: Int?
    let context: ReadingContext
    private let entries: [Entry]
    private var known: [String] = []

    init(_ mapping: Node.Mapping, path: String, line: Int?, context: ReadingContext) {
        self.path = path
        self.line = line
        self.context = context
        self.entries = mapping.map { key, value in
            Entry(key: key.scalar?.string ?? "?", keyLine: key.mark?.line, value: value)
        }
    }

    /// A mapping that isn't in the file: all its keys have their defaults.
    init(absentAt path: String, line: Int?, context: ReadingContext) {
        self.path = path
        self.line = line
        self.context = context
        self.entries = []
    }

    /// The value of a key; nil where it is absent or null, which is the same.
    func value(_ key: String) -> ValueReader? {
        self.known.append(key)
        guard let entry = self.entries.first(where: { $0.key == key }) else { return nil }
        let reader = self.reader(of: entry)
        return reader.isNull ? nil : reader
    }

    /// The mapping that a key holds; an empty one where the key is absent or faulty.
    func section(_ key: String) -> MappingReader {
        self.value(key)?.mapping()
            ?? MappingReader(absentAt: self.pathOf(key), line: self.line, context: self.context)
    }

    /// The value of a key that must be there.
    func required(_ key: String, _ hint: String = "must be given") -> ValueReader? {
        if let value = self.value(key) { return value }
        self.context.fault(line: self.lineOf(key), path: self.pathOf(key), hint)
        return nil
    }

    /// Every key with its value, for mappings whose keys are names that the operator chooses.
    func everything() -> [(key: String, value: ValueReader)] {
        self.entries.map { entry in
            self.known.append(entry.key)
            return (entry.key, self.reader(of: entry))
        }
    }

    /// Refuses a key of a feature that this release doesn't have.
    func planned(_ key: String, _ words: String) {
        guard let value = self.value(key) else { return }
        if case .sequence(let sequence) = value.node, sequence.isEmpty { return }
        self.context.fault(line: self.lineOf(key), path: self.pathOf(key), words)
    }

    func fail(_ text: String) {
        self.context.fault(line: self.line, path: self.path, text)
    }

    func pathOf(_ key: String) -> String {
        self.path.isEmpty ? key : "\(self.path).\(key)"
    }

    /// The line of the key; that of the mapping where the key is absent.
    func lineOf(_ key: String) -> Int? {
        self.entries.first { $0.key == key }?.keyLine ?? self.line
    }

    /// Notes a fault for each key that was never asked for.
    func finish() {
        for entry in self.entries where !self.known.contains(entry.key) {
            var text = "unknown key"
            if let near = Spelling.nearest(to: entry.key, among: self.known) { text += "; did you mean \"\(near)\"?" }
            self.context.fault(line: entry.keyLine, path: self.pathOf(entry.key), text)
        }
    }

    private func reader(of entry: Entry) -> ValueReader {
        ValueReader(
            node: entry.value,
            path: self.pathOf(entry.key),
            line: entry.keyLine,
            context: self.context
        )
    }
}
