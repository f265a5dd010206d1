internal import Foundation
internal import Yams

/// One value of the file, with its place.
///
/// Each way of reading it gives nil after a fault has been noted.
struct ValueReader {
    let node: Node
    let path: String
    let line: Int?
    let context: ReadingContext

    init(node: Node, path: String, line: Int?, context: ReadingContext) {
        self.node = node
        self.path = path
        self.line = node.mark?.line ?? line
        self.context = context
    }

    func fail(_ text: String) {
        self.context.fault(line: self.line, path: self.path, text)
    }

    func warn(_ text: String) {
        self.context.warn(line: self.line, path: self.path, text)
    }

    /// Whether it is `null`, `~` or nothing at all, which everywhere stands for the default.
    var isNull: Bool {
        guard case .scalar(let scalar) = self.node, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// Whether it is written without quotes, so that YAML would take `42` for a number.
    var isPlain: Bool {
        guard case .scalar(let scalar) = self.node else { return false }
        return scalar.style == .plain
    }

    var isList: Bool {
        switch self.node {
        case .sequence: true
        case .scalar, .mapping, .alias: false
        }
    }

    var isMapping: Bool {
        switch self.node {
        case .mapping: true
        case .scalar, .sequence, .alias: false
        }
    }

    /// Whether it is a list that holds something, faulty or not.
    var hasElements: Bool {
        switch self.node {
        case .sequence(let sequence): !sequence.isEmpty
        case .scalar, .mapping, .alias: false
        }
    }

    private var kind: String {
        switch self.node {
        case .scalar: "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// A scalar's text, variables expanded; may be empty.
    func text() -> String? {
        guard case .scalar(let scalar) = self.node else {
            self.fail("must be a single value, not \(self.kind)")
            return nil
        }
        return self.context.expand(scalar.string, line: self.line, path: self.path)
    }

    func nonEmptyText() -> String? {
        guard let text = self.text() else { return nil }
        guard !text.isEmpty else {
            self.fail("must not be empty")
            return nil
        }
        return text
    }

    /// A text, read by `convert`, which gives nil where the text is not what `expected` says.
    func converted<Value>(expected: String, _ convert: (String) -> Value?) -> Value? {
        guard let text = self.text() else { return nil }
        guard let value = convert(text) else {
            self.fail("\"\(text)\" is not \(expected)")
            return nil
        }
        return value
    }

    func integer(in range: ClosedRange<Int>) -> Int? {
        self.converted(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            guard let number = Int(text), range.contains(number) else { return nil }
            return number
        }
    }

    func boolean() -> Bool? {
        self.converted(expected: "true or false") { text in
            switch text {
            case "true", "True", "yes", "on": true
            case "false", "False", "no", "off": false
            default: nil
            }
        }
    }

    /// A length of time within the bounds, both included.
    func duration(in range: ClosedRange<Duration>) -> Duration? {
        guard
            let duration = self.converted(
                expected: "a length of time; write 500ms, 30s, 5m, 1h or 0",
                DurationText.parse
            )
        else { return nil }
        guard range.contains(duration) else {
            let low = DurationText.print(range.lowerBound)
            self.fail("must be from \(low) to \(DurationText.print(range.upperBound))")
            return nil
        }
        return duration
    }

    func secret() -> Secret? {
        self.nonEmptyText().map(Secret.init)
    }

    /// One of a closed list of words.
    func word<Value: RawRepresentable & CaseIterable>(_: Value.Type) -> Value? where Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue)
        return self.converted(expected: "one of \(words.joined(separator: ", "))", Value.init(rawValue:))
    }

    func hostPort() -> HostPort? {
        self.converted(expected: "an address to listen on; write 127.0.0.1:8080 or [::1]:8080", HostPort.init(text:))
    }

    /// A file that can be read, as a path that is absolute or starts at the working directory.
    func readableFile() -> String? {
        guard let name = self.nonEmptyText() else { return nil }
        let path = self.context.resolve(file: name)
        do {
            // Opening is not enough: a folder can be opened too.
            _ = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 1)
        } catch {
            self.fail("the file \(path) can't be read")
            return nil
        }
        return path
    }

    /// Each element of a list; those with faults are left out.
    func list<Value>(_ element: (ValueReader) -> Value?) -> [Value]? {
        guard case .sequence(let sequence) = self.node else {
            self.fail("must be a list, not \(self.kind)")
            return nil
        }
        return sequence.enumerated().compactMap { index, node in
            element(
                ValueReader(node: node, path: "\(self.path)[\(index)]", line: self.line, context: self.context)
            )
        }
    }

    func mapping() -> MappingReader? {
        guard case .mapping(let mapping) = self.node else {
            self.fail("must be a mapping of keys and values, not \(self.kind)")
            return nil
        }
        return MappingReader(mapping, path: self.path, line: self.line, context: self.context)
    }

    /// A user's id: a YAML number, or a string.
    func userKey() -> UserKey? {
        guard let text = self.nonEmptyText() else { return nil }
        return UserKey(text: text, isNumber: self.isPlain && UserKey.looksLikeNumber(text))
    }
}
