/// A strict JSON scanner (RFC 8259) that checks every byte once and finds where the values lie, copying nothing.
///
/// It holds a position and no bytes: each call takes the same `bytes`, so that they may be borrowed from a buffer. It
/// never recurses; nesting is a bit stack. What it accepts is valid JSON in valid UTF-8; an unpaired surrogate escape
/// is grammatical and passes here, and ``JSONText`` refuses to decode it.
package struct JSONScanner {
    /// Objects and arrays that may be open at once, the outermost one counted.
    package static let maximumDepth = 64

    /// The offset of the next byte to read.
    package private(set) var position = 0
    /// Objects entered by ``enterObject(in:)`` and not yet ended.
    private var entered = 0
    private var hasMembers = false

    package init() {}

    /// A scanner that begins at `value`, which an earlier scan of the same bytes has found.
    package init(at value: JSONValue) {
        self.position = value.range.lowerBound
    }

    /// Steps over `{`, so that ``nextMember(in:)`` gives the members; call it where ``isAtObject(in:)``.
    package mutating func enterObject(in bytes: Span<UInt8>) throws(JSONFault) {
        self.skipWhitespace(in: bytes)
        guard self.take(UInt8(ascii: "{"), in: bytes) else { throw self.fault(in: bytes) }
        self.entered = 1
        self.hasMembers = false
    }

    /// Steps over `[`, so that ``nextElement(in:)`` gives the elements.
    package mutating func enterArray(in bytes: Span<UInt8>) throws(JSONFault) {
        self.skipWhitespace(in: bytes)
        guard self.take(UInt8(ascii: "["), in: bytes) else { throw self.fault(in: bytes) }
        self.entered = 1
        self.hasMembers = false
    }

    /// The next element of the entered array, checked to its end; nil after the last one.
    package mutating func nextElement(in bytes: Span<UInt8>) throws(JSONFault) -> JSONValue? {
        self.skipWhitespace(in: bytes)
        if self.take(UInt8(ascii: "]"), in: bytes) {
            self.entered = 0
            return nil
        }
        if self.hasMembers {
            guard self.take(UInt8(ascii: ","), in: bytes) else { throw self.fault(in: bytes) }
        }
        let value = try self.value(in: bytes)
        self.hasMembers = true
        return value
    }

    /// The next member of the entered object, its value checked to the end; nil after the last one.
    package mutating func nextMember(in bytes: Span<UInt8>) throws(JSONFault) -> JSONMember? {
        self.skipWhitespace(in: bytes)
        if self.take(UInt8(ascii: "}"), in: bytes) {
            self.entered = 0
            return nil
        }
        if self.hasMembers {
            guard self.take(UInt8(ascii: ","), in: bytes) else { throw self.fault(in: bytes) }
            self.skipWhitespace(in: bytes)
        }
        let key = try self.key(in: bytes)
        let value = try self.value(in: bytes)
        self.hasMembers = true
        return JSONMember(key: key, value: value)
    }

    /// Whether the next value is an object; whitespace before it is skipped.
    package mutating func isAtObject(in bytes: Span<UInt8>) -> Bool {
        self.skipWhitespace(in: bytes)
        return self.position < bytes.count && bytes[self.position] == UInt8(ascii: "{")
    }

    /// Makes sure that nothing but whitespace is left.
    package mutating func end(in bytes: Span<UInt8>) throws(JSONFault) {
        self.skipWhitespace(in: bytes)
        guard self.position == bytes.count else { throw JSONFault(.trailingBytes, at: self.position) }
    }

    /// The next value, checked to its end; whitespace before it is skipped.
    package mutating func value(in bytes: Span<UInt8>) throws(JSONFault) -> JSONValue {
        self.skipWhitespace(in: bytes)
        let start = self.position
        guard start < bytes.count else { throw JSONFault(.ended, at: start) }
        let kind: JSONValue.Kind
        switch bytes[start] {
        case UInt8(ascii: "{"):
            try self.skipContainer(in: bytes)
            kind = .object
        case UInt8(ascii: "["):
            try self.skipContainer(in: bytes)
            kind = .array
        default:
            kind = try self.scalar(in: bytes)
        }
        return JSONValue(kind: kind, range: start..<self.position)
    }
}

// MARK: - Containers

extension JSONScanner {
    /// Steps over the object or array that begins here.
    private mutating func skipContainer(in bytes: Span<UInt8>) throws(JSONFault) {
        // Bit n tells whether level n is an object.
        var objects: UInt64 = 0
        var level = 0
        repeat {
            self.skipWhitespace(in: bytes)
            guard self.position < bytes.count else { throw JSONFault(.ended, at: self.position) }
            let byte = bytes[self.position]
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                guard level + self.entered < Self.maximumDepth else { throw JSONFault(.tooDeep, at: self.position) }
                let isObject = byte == UInt8(ascii: "{")
                if isObject {
                    objects |= 1 << UInt64(level)
                } else {
                    objects &= ~(1 << UInt64(level))
                }
                self.position += 1
                level += 1
                self.skipWhitespace(in: bytes)
                if self.take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), in: bytes) {
                    level -= 1
                } else {
                    if isObject { _ = try self.key(in: bytes) }
                    continue
                }
            } else {
                _ = try self.scalar(in: bytes)
            }
            try self.skipAfterValue(in: bytes, level: &level, objects: objects)
        } while level > 0
    }

    /// Steps over what may follow a value inside a container: ends of containers, then a comma and the next key.
    private mutating func skipAfterValue(
        in bytes: Span<UInt8>,
        level: inout Int,
        objects: UInt64
    ) throws(JSONFault) {
        while level > 0 {
            let isObject = objects & (1 << UInt64(level - 1)) != 0
            self.skipWhitespace(in: bytes)
            if self.take(UInt8(ascii: ","), in: bytes) {
                if isObject {
                    self.skipWhitespace(in: bytes)
                    _ = try self.key(in: bytes)
                }
                return
            }
            guard self.take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), in: bytes) else {
                throw self.fault(in: bytes)
            }
            level -= 1
        }
    }

    /// A member's name and the colon after it.
    private mutating func key(in bytes: Span<UInt8>) throws(JSONFault) -> JSONValue {
        let start = self.position
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { throw self.fault(in: bytes) }
        let kind = try self.string(in: bytes)
        let key = JSONValue(kind: kind, range: start..<self.position)
        self.skipWhitespace(in: bytes)
        guard self.take(UInt8(ascii: ":"), in: bytes) else { throw self.fault(in: bytes) }
        return key
    }
}

// MARK: - Scalars

extension JSONScanner {
    private mutating func scalar(in bytes: Span<UInt8>) throws(JSONFault) -> JSONValue.Kind {
        guard self.position < bytes.count else { throw JSONFault(.ended, at: self.position) }
        switch bytes[self.position] {
        case UInt8(ascii: "\""): return try self.string(in: bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try self.number(in: bytes)
        case UInt8(ascii: "t"):
            try self.literal("true", in: bytes)
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.literal("false", in: bytes)
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.literal("null", in: bytes)
            return .null
        default: throw self.fault(in: bytes)
        }
    }

    private mutating func literal(_ word: StaticString, in bytes: Span<UInt8>) throws(JSONFault) {
        let end = self.position + word.utf8CodeUnitCount
        guard end <= bytes.count else { throw JSONFault(.ended, at: bytes.count) }
        guard JSONText.equals(bytes, self.position..<end, word) else { throw self.fault(in: bytes) }
        self.position = end
    }

    private mutating func string(in bytes: Span<UInt8>) throws(JSONFault) -> JSONValue.Kind {
        var index = self.position + 1
        var escaped = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                self.position = index + 1
                return .string(escaped: escaped)
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
                index = try Self.endOfEscape(in: bytes, at: index)
            } else if byte < 0x20 {
                throw JSONFault(.controlCharacter, at: index)
            } else if byte < 0x80 {
                index += 1
            } else {
                let length = UTF8Check.sequenceLength(in: bytes, at: index)
                guard length > 0 else { throw JSONFault(.badUTF8, at: index) }
                index += length
            }
        }
        throw JSONFault(.ended, at: bytes.count)
    }

    /// The offset after the escape that begins at `start`.
    private static func endOfEscape(in bytes: Span<UInt8>, at start: Int) throws(JSONFault) -> Int {
        guard start + 1 < bytes.count else { throw JSONFault(.ended, at: bytes.count) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            guard start + 6 <= bytes.count else { throw JSONFault(.ended, at: bytes.count) }
            for index in start + 2..<start + 6 where JSONText.hexDigit(bytes[index]) == nil {
                throw JSONFault(.badEscape, at: index)
            }
            return start + 6
        default:
            throw JSONFault(.badEscape, at: start + 1)
        }
    }

    private mutating func number(in bytes: Span<UInt8>) throws(JSONFault) -> JSONValue.Kind {
        var integer = true
        _ = self.take(UInt8(ascii: "-"), in: bytes)
        // No zero may lead (RFC 8259 §6).
        if !self.take(UInt8(ascii: "0"), in: bytes) { try self.digits(in: bytes) }
        if self.take(UInt8(ascii: "."), in: bytes) {
            integer = false
            try self.digits(in: bytes)
        }
        if self.take(UInt8(ascii: "e"), in: bytes) || self.take(UInt8(ascii: "E"), in: bytes) {
            integer = false
            if !self.take(UInt8(ascii: "+"), in: bytes) { _ = self.take(UInt8(ascii: "-"), in: bytes) }
            try self.digits(in: bytes)
        }
        if self.position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[self.position]) {
            throw JSONFault(.badNumber, at: self.position)
        }
        return .number(integer: integer)
    }

    /// One digit or more.
    private mutating func digits(in bytes: Span<UInt8>) throws(JSONFault) {
        let start = self.position
        while self.position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[self.position]) {
            self.position += 1
        }
        guard self.position > start else {
            throw JSONFault(start < bytes.count ? .badNumber : .ended, at: start)
        }
    }

    private mutating func skipWhitespace(in bytes: Span<UInt8>) {
        while self.position < bytes.count {
            switch bytes[self.position] {
            case 0x20, 0x09, 0x0A, 0x0D: self.position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8, in bytes: Span<UInt8>) -> Bool {
        guard self.position < bytes.count, bytes[self.position] == byte else { return false }
        self.position += 1
        return true
    }

    private func fault(in bytes: Span<UInt8>) -> JSONFault {
        JSONFault(self.position < bytes.count ? .unexpectedByte : .ended, at: self.position)
    }
}
