extension SIPURI {
    /// Whether both name the same resource by RFC 3261 §19.1.4; for tel URIs by RFC 3966 §3 and §4.
    ///
    /// Not transitive: a parameter that only one of them has is ignored, but for `user`, `ttl`, `method`, `maddr` and
    /// `transport`.
    package func isEquivalent(to other: SIPURI) -> Bool {
        switch (self.scheme, other.scheme) {
        case (.sip, .sip), (.sips, .sips): break
        case (.tel, .tel): return self.isSameNumber(as: other)
        case (.other(let left), .other(let right)): return left.equalsIgnoringCase(right) && self.host == other.host
        case (.sip, _), (.sips, _), (.tel, _), (.other, _): return false
        }
        guard Self.isSame(self.user, other.user), Self.isSame(self.password, other.password),
            self.port == other.port, Self.isSameHost(self.host, other.host)
        else { return false }
        return self.parametersMatch(other) && other.parametersMatch(self) && self.headersMatch(other)
    }

    /// Whether every parameter of this URI allows the other URI to be the same.
    private func parametersMatch(_ other: SIPURI) -> Bool {
        self.parameters.list.allSatisfy { parameter in
            if other.parameters.contains(parameter.name) {
                let value = self.parameters[parameter.name]
                return Self.isSame(value, other.parameters[parameter.name], ignoringCase: true)
            }
            return !["user", "ttl", "method", "maddr", "transport"].contains { parameter.name.equalsIgnoringCase($0) }
        }
    }

    /// Headers are never ignored; their order does not matter.
    private func headersMatch(_ other: SIPURI) -> Bool {
        let left = self.headers?.utf8.split(separator: UInt8(ascii: "&")) ?? []
        var right = other.headers?.utf8.split(separator: UInt8(ascii: "&")) ?? []
        guard left.count == right.count, left.count <= SIPTextLimits.parameters else { return false }
        for header in left {
            let index = right.firstIndex { EscapedBytes($0).elementsEqual(EscapedBytes(header), by: Self.isSameLetter) }
            guard let index else { return false }
            right.remove(at: index)
        }
        return true
    }

    private func isSameNumber(as other: SIPURI) -> Bool {
        let separators = ByteSet("-.()")
        let left = (self.user ?? "").utf8.lazy.filter { !separators.contains($0) }.map { $0.asciiLowercased }
        let right = (other.user ?? "").utf8.lazy.filter { !separators.contains($0) }.map { $0.asciiLowercased }
        guard left.elementsEqual(right), self.parameters.list.count == other.parameters.list.count else { return false }
        return self.parameters.list.allSatisfy {
            other.parameters.contains($0.name)
                && Self.isSame($0.value, other.parameters[$0.name], ignoringCase: true)
        }
    }

    private static func isSame(_ left: String?, _ right: String?, ignoringCase: Bool = false) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return EscapedBytes(left.utf8[...]).elementsEqual(EscapedBytes(right.utf8[...])) {
            ignoringCase ? self.isSameLetter($0, $1) : $0 == $1
        }
    }

    private static func isSameLetter(_ left: EscapedBytes.Element, _ right: EscapedBytes.Element) -> Bool {
        left.isEscaped == right.isEscaped && left.byte.asciiLowercased == right.byte.asciiLowercased
    }

    private static func isSameHost(_ left: String, _ right: String) -> Bool {
        if left.equalsIgnoringCase(right) { return true }
        guard let left = IPv6Literal(left[...]), let right = IPv6Literal(right[...]) else { return false }
        return left == right
    }
}

/// The bytes of a text with those escapes undone that mean the same as the character itself, that is, all but the
/// reserved ones (RFC 3261 §19.1.4).
private struct EscapedBytes: Sequence, IteratorProtocol {
    struct Element: Equatable {
        var byte: UInt8
        /// Whether it stays an escape.
        var isEscaped: Bool
    }

    private var rest: Substring.UTF8View

    init(_ bytes: Substring.UTF8View) {
        self.rest = bytes
    }

    mutating func next() -> Element? {
        guard let byte = self.rest.popFirst() else { return nil }
        guard byte == UInt8(ascii: "%"), let escaped = self.rest.escapedByte else {
            return Element(byte: byte, isEscaped: false)
        }
        self.rest.removeFirst(2)
        return Element(byte: escaped, isEscaped: ByteSet.reserved.contains(escaped))
    }
}
