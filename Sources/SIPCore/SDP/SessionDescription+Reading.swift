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
        let text = String(decoding: bytes, as: UTF8.self)
        // Repair makes a text longer, never shorter, so equal counts mean equal bytes.
        let isWhole = text.utf8.count == bytes.count
        try self.init(text, bytes: isWhole ? bytes : Array(text.utf8))
    }

    /// As `init(_: [UInt8])`, from the text of a JSON offer or answer.
    ///
    /// - Throws: `SDPError` with the line of the fault.
    package init(_ text: String) throws(SDPError) {
        guard text.utf8.count <= Limits.bytes else { throw SDPError(.tooLarge) }
        try self.init(text, bytes: Array(text.utf8))
    }

    /// - Parameters:
    ///   - text: what the lines share the storage of.
    ///   - bytes: the same, for looking at.
    /// - Throws: `SDPError` with the line of the fault.
    private init(_ text: String, bytes: [UInt8]) throws(SDPError) {
        self.init(lines: [], media: [])
        let utf8 = text.utf8
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
                guard bytes[min(next, bytes.count)...].allSatisfy({ $0 == 0x0D || $0 == 0x0A }) else {
                    throw SDPError(.malformedLine, line: number)
                }
                break
            }
            guard end - start >= 2, bytes[start].isASCIILetter, bytes[start + 1] == UInt8(ascii: "="),
                !bytes[start..<end].contains(0x0D)
            else { throw SDPError(.malformedLine, line: number) }
            let from = utf8.index(utf8.startIndex, offsetBy: start + 2)
            let value = Substring(utf8[from..<utf8.index(from, offsetBy: end - start - 2)])
            try self.receivedLine(bytes[start], value, number: number)
        }
        guard self.lines.contains(where: { $0.type == SDPLine.versionType && $0.value == "0" }) else {
            throw SDPError(.badVersion)
        }
        guard self.lines.contains(where: { $0.type == SDPLine.originType }) else { throw SDPError(.badOrigin) }
    }

    private mutating func receivedLine(_ type: UInt8, _ value: Substring, number: Int) throws(SDPError) {
        switch type {
        case UInt8(ascii: "m"):
            guard self.media.count < Limits.media else { throw SDPError(.tooLarge, line: number) }
            guard let section = MediaSection(value) else { throw SDPError(.badMedia, line: number) }
            self.media.append(section)
            return
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
