extension SIPParameters {
    /// Appends the parameters of a header field value; a value in quotes keeps them.
    func write(into output: inout [UInt8]) {
        for parameter in self.list where !parameter.name.isEmpty {
            output.append(UInt8(ascii: ";"))
            output.append(parameter.name, keeping: .token)
            guard let value = parameter.value else { continue }
            output.append(UInt8(ascii: "="))
            if value.utf8.first == UInt8(ascii: "\"") {
                output.append(quoted: value)
            } else {
                output.append(value, keeping: .parameterValue)
            }
        }
    }

    /// Appends the parameters of a URI.
    func writeInURI(into output: inout [UInt8]) {
        for parameter in self.list where !parameter.name.isEmpty {
            output.append(UInt8(ascii: ";"))
            output.append(parameter.name, keeping: .uriParameter)
            guard let value = parameter.value else { continue }
            output.append(UInt8(ascii: "="))
            output.append(value, keeping: .uriParameter)
        }
    }

    /// An upper bound of what either `write` appends.
    var writtenSizeBound: Int {
        var size = 0
        for parameter in self.list where !parameter.name.isEmpty {
            size += 1 + parameter.name.utf8.count
            guard let value = parameter.value else { continue }
            size += 1 + value.utf8.count
            // A quoted string that is not ended by its last byte may grow by an escape and a quote.
            if value.utf8.first == UInt8(ascii: "\""), !value.isWholeQuotedString { size += 2 }
        }
        return size
    }

    /// Reads `*( ";" name [ "=" value ] )` of a header field value, up to the end or to a comma; nil where it is
    /// malformed or has more than `SIPTextLimits.parameters`.
    init?(readingFrom scanner: inout TextScanner) {
        self.init()
        while true {
            scanner.skipSpace()
            guard scanner.skip(UInt8(ascii: ";")) else { return }
            scanner.skipSpace()
            let name = scanner.take(while: .token)
            guard !name.isEmpty else {
                // `;;` and a semicolon at the end: seen, and harmless.
                guard scanner.isAtEnd || scanner.next == UInt8(ascii: ";") else { return nil }
                continue
            }
            guard self.list.count < SIPTextLimits.parameters else { return nil }
            scanner.skipSpace()
            var value: String?
            if scanner.skip(UInt8(ascii: "=")) {
                scanner.skipSpace()
                if scanner.next == UInt8(ascii: "\"") {
                    guard let quoted = scanner.takeQuoted() else { return nil }
                    value = String(quoted)
                } else {
                    let plain = scanner.take(while: .readParameterValue)
                    guard !plain.isEmpty else { return nil }
                    value = String(plain)
                }
            }
            self.list.append(Parameter(String(name), value))
        }
    }
}

extension String {
    /// Whether it is one quoted string from the first byte to the last.
    fileprivate var isWholeQuotedString: Bool {
        var scanner = TextScanner(self)
        return scanner.takeQuoted() != nil && scanner.isAtEnd
    }
}
