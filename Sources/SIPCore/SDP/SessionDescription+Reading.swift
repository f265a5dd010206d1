extension SessionDescription {
    /// Reads a description.
    ///
    /// Lenient: lone LF ends a line too, the last line may have no end, lines may stand in any order within their level,
    /// bytes that are no UTF-8 become U+FFFD. Strict: each line is `x=…` without NUL or a lone CR; `v=0` and `o=` are
    /// there; `o=`, `c=` and `m=` have all their fields; `Limits`.
    ///
    /// - Throws: `SDPError` with the line of the fault.
    package init(_ bytes: [UInt8]) throws(SDPError) {
        guard bytes.count <= Limits.bytes else { throw SDPError(.tooLarge) }
        try self.init(reading: String(decoding: bytes, as: UTF8.self))
    }

    /// As `init(_: [UInt8])`, from the text of a JSON offer or answer.
    ///
    /// - Throws: `SDPError` with the line of the fault.
    package init(_ text: String) throws(SDPError) {
        guard text.utf8.count <= Limits.bytes else { throw SDPError(.tooLarge) }
        try self.init(reading: text)
    }

    /// - Parameter text: what the lines share the storage of.
    /// - Throws: `SDPError` with the line of the fault.
    private init(reading text: String) throws(SDPError) {
        self.init(lines: [], media: [])
        let utf8 = text.utf8
        let bytes = utf8.span
        self.lines.reserveCapacity(Self.lineCount(of: bytes, from: 0))
        var start = 0
        var number = 0
        while start < bytes.count {
            number += 1
            var end = start
            while end < bytes.count, bytes[end] != 0x0A {
                if bytes[end] == 0 { throw SDPError(.malformedLine, line: number) }
                end += 1
            }
            let next = end + 1
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
            defer { start = next }
            if start == end {
                // Empty lines: only at the end.
                var index = next
                while index < bytes.count, bytes[index] == 0x0D || bytes[index] == 0x0A { index += 1 }
                guard index >= bytes.count else { throw SDPError(.malformedLine, line: number) }
                break
            }
            guard end - start >= 2, bytes[start].isASCIILetter, bytes[start + 1] == UInt8(ascii: "=") else {
                throw SDPError(.malformedLine, line: number)
            }
            for index in start..<end where bytes[index] == 0x0D { throw SDPError(.malformedLine, line: number) }
            let from = utf8.index(utf8.startIndex, offsetBy: start + 2)
            let value = Substring(utf8[from..<utf8.index(from, offsetBy: end - start - 2)])
            if bytes[start] == UInt8(ascii: "m") {
                try self.receivedMedia(value, number: number, lines: Self.lineCount(of: bytes, from: next))
            } else {
                try self.receivedLine(bytes[start], value, number: number)
            }
        }
        guard self.lines.contains(where: { $0.type == SDPLine.versionType && $0.value == "0" }) else {
            throw SDPError(.badVersion)
        }
        guard self.lines.contains(where: { $0.type == SDPLine.originType }) else { throw SDPError(.badOrigin) }
    }

    /// How many lines stand before the next `m=`: of one level, as many as we take of it at most.
    private static func lineCount(of bytes: Swift.Span<UInt8>, from start: Int) -> Int {
        var count = 0
        var index = start
        while index < bytes.count, count < Limits.lines {
            if bytes[index] == UInt8(ascii: "m"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "=") {
                break
            }
            count += 1
            while index < bytes.count, bytes[index] != 0x0A { index += 1 }
            index += 1
        }
        return count
    }

    /// - Parameters:
    ///   - value: what stands behind `m=`.
    ///   - number: the line, from 1.
    ///   - lines: how many lines follow that belong to the section.
    /// - Throws: `SDPError` with that line.
    private mutating func receivedMedia(_ value: Substring, number: Int, lines: Int) throws(SDPError) {
        guard self.media.count < Limits.media else { throw SDPError(.tooLarge, line: number) }
        guard var section = MediaSection(value) else { throw SDPError(.badMedia, line: number) }
        section.lines.reserveCapacity(lines)
        self.media.append(section)
    }

    private mutating func receivedLine(_ type: UInt8, _ value: Substring, number: Int) throws(SDPError) {
        switch type {
        case SDPLine.originType where SDPOrigin(value) == nil:
            throw SDPError(.badOrigin, line: number)
        case SDPLine.connectionType where SDPConnection(value) == nil:
            throw SDPError(.badConnection, line: number)
        default:
            break
        }
        let line = SDPLine(type, value)
        if let last = self.media.indices.last {
            guard self.media[last].lines.count < Limits.lines else { throw SDPError(.tooLarge, line: number) }
            self.media[last].lines.append(line)
        } else {
            guard self.lines.count < Limits.lines else { throw SDPError(.tooLarge, line: number) }
            self.lines.append(line)
        }
    }
}
