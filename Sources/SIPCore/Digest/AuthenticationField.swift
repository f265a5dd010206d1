/// The grammar that challenges and their answers share (RFC 7235 §2.1): schemes, each with its parameters.
struct AuthenticationField {
    struct Item {
        var scheme: Substring
        var parameters: [(name: Substring, value: String)] = []

        /// The value of the first parameter of that name.
        subscript(name: String) -> String? {
            self.parameters.first { $0.name.equalsIgnoringCase(name) }?.value
        }

        var isDigest: Bool { self.scheme.equalsIgnoringCase("Digest") }
    }

    private(set) var items: [Item] = []

    /// Reads a field value, up to the first place that is malformed.
    init(_ value: String) {
        guard value.utf8.count <= SIPTextLimits.bytes else { return }
        var scanner = TextScanner(value)
        while true {
            scanner.skipSpace()
            while scanner.skip(UInt8(ascii: ",")) { scanner.skipSpace() }
            let name = scanner.take(while: .token)
            guard !name.isEmpty else { return }
            scanner.skipSpace()
            guard scanner.skip(UInt8(ascii: "=")) else {
                guard self.items.count < SIPTextLimits.values else { return }
                self.items.append(Item(scheme: name))
                continue
            }
            scanner.skipSpace()
            guard let value = Self.takeValue(from: &scanner), let last = self.items.indices.last,
                self.items[last].parameters.count < SIPTextLimits.parameters
            else { return }
            self.items[last].parameters.append((name, value))
        }
    }

    private static func takeValue(from scanner: inout TextScanner) -> String? {
        guard scanner.next == UInt8(ascii: "\"") else {
            return String(scanner.take(while: .readParameterValue))
        }
        return scanner.takeQuoted().flatMap { TextScanner.unquoted($0) }
    }
}

extension [UInt8] {
    /// Appends `, name="value"`.
    mutating func append(parameter name: StaticString, quoting value: String) {
        self.append(literal: ", ")
        self.append(literal: name)
        self.append(UInt8(ascii: "="))
        self.append(quoting: value)
    }

    /// Appends `, name=value`.
    mutating func append(parameter name: StaticString, token value: String) {
        self.append(literal: ", ")
        self.append(literal: name)
        self.append(UInt8(ascii: "="))
        self.append(value, keeping: .token)
    }
}
