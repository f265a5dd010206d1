/// A message of the server: the members of its outermost object, their values as they were sent.
struct ServerEvent {
    private var members: [String: ArraySlice<UInt8>] = [:]

    /// Splits one JSON object; nil where it is none.
    init?(_ json: [UInt8]) {
        var scanner = Scanner(rest: json[...])
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        while let key = scanner.string() {
            guard scanner.take(UInt8(ascii: ":")), let value = scanner.value() else { return nil }
            self.members[String(decoding: key.dropFirst().dropLast(), as: UTF8.self)] = value
            guard scanner.take(UInt8(ascii: ",")) else { break }
        }
        guard scanner.take(UInt8(ascii: "}")) else { return nil }
    }

    /// A member as JSON text, to be sent back as it came.
    func json(_ name: String) -> String? {
        self.members[name].map { String(decoding: $0, as: UTF8.self) }
    }

    /// A string member without its quotes, or a number's digits.
    func text(_ name: String) -> String? {
        guard let value = self.members[name] else { return nil }
        let isString = value.first == UInt8(ascii: "\"")
        return String(decoding: isString ? value.dropFirst().dropLast() : value, as: UTF8.self)
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func take(_ byte: UInt8) -> Bool {
            self.skipSpace()
            guard self.rest.first == byte else { return false }
            self.rest.removeFirst()
            return true
        }

        /// A string with its quotes; escapes stay as they are.
        mutating func string() -> ArraySlice<UInt8>? {
            self.skipSpace()
            guard self.rest.first == UInt8(ascii: "\"") else { return nil }
            var index = self.rest.startIndex + 1
            while index < self.rest.endIndex {
                switch self.rest[index] {
                case UInt8(ascii: "\\"):
                    index += 2
                case UInt8(ascii: "\""):
                    return self.cut(through: index)
                default:
                    index += 1
                }
            }
            return nil
        }

        mutating func value() -> ArraySlice<UInt8>? {
            self.skipSpace()
            switch self.rest.first {
            case UInt8(ascii: "\""): return self.string()
            case UInt8(ascii: "{"), UInt8(ascii: "["): return self.nested()
            default:
                let ends: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")]
                guard let end = self.rest.firstIndex(where: ends.contains), end > self.rest.startIndex else {
                    return nil
                }
                return self.cut(through: end - 1)
            }
        }

        private mutating func nested() -> ArraySlice<UInt8>? {
            let whole = self.rest
            var depth = 0
            while let byte = self.rest.first {
                switch byte {
                case UInt8(ascii: "\""):
                    guard self.string() != nil else { return nil }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                self.rest.removeFirst()
                if depth == 0 { return whole[whole.startIndex..<self.rest.startIndex] }
            }
            return nil
        }

        private mutating func cut(through index: Int) -> ArraySlice<UInt8> {
            defer { self.rest = self.rest[(index + 1)...] }
            return self.rest[self.rest.startIndex...index]
        }

        private mutating func skipSpace() {
            self.rest = self.rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        }
    }
}
