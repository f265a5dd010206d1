/// Splits the head of a message into its start line and header fields, and refuses bytes that no head may hold.
///
/// It goes on behind a fault as far as it can, so that the refusal can name the transaction. It keeps its storage from
/// one message to the next.
struct HeadScanner {
    /// One header field; the ranges are of the bytes that were scanned.
    struct Line {
        var header: KnownHeader
        /// The name's place in `HeaderName.all`, where we know it.
        var known: Int?
        var name: Range<Int>
        /// Trimmed; may be folded over several lines.
        var value: Range<Int>
        /// Whether the value is text as it stands: neither folded nor with escaped control characters.
        var isPlain: Bool
    }

    private(set) var lines: [Line] = []
    private(set) var startLine = 0..<0
    /// Where the body begins; nil where the head does not end.
    private(set) var bodyStart: Int?
    /// The first thing that was wrong.
    private(set) var fault: SIPWireFault?

    mutating func scan(_ bytes: Swift.Span<UInt8>, limits: SIPWireLimits) {
        self.lines.removeAll(keepingCapacity: true)
        self.startLine = 0..<0
        self.bodyStart = nil
        self.fault = nil
        let end = min(bytes.count, limits.head)
        var index = 0
        // Line ends ahead of the start line are to be ignored (RFC 3261 §7.5).
        while index + 1 < end, bytes[index] == .carriageReturn, bytes[index + 1] == .lineFeed { index += 2 }
        var isStartLine = true
        while true {
            var isPlain = true
            guard let lineEnd = self.lineEnd(from: index, to: end, of: bytes, isPlain: &isPlain) else {
                self.note(bytes.count > limits.head ? .tooLarge : .truncatedHead)
                return
            }
            if isStartLine {
                self.startLine = index..<lineEnd
                if !isPlain { self.note(.badStartLine) }
                isStartLine = false
            } else if lineEnd == index {
                self.bodyStart = lineEnd + 2
                return
            } else if self.lines.count < limits.fields {
                self.add(index..<lineEnd, of: bytes, isPlain: isPlain)
            } else {
                self.note(.tooManyFields)
                return
            }
            index = lineEnd + 2
        }
    }

    /// The value of a header field on one line: each fold and each control character as a space (RFC 3261 §7.3.1).
    func text(_ line: Line, of bytes: Swift.Span<UInt8>) -> String {
        guard !line.isPlain else { return bytes.text(line.value) }
        var unfolded: [UInt8] = []
        unfolded.reserveCapacity(line.value.count)
        var index = line.value.lowerBound
        while index < line.value.upperBound {
            let byte = bytes[index]
            index += 1
            if byte == .carriageReturn || byte == .lineFeed {
                while index < line.value.upperBound,
                    bytes[index].isSpaceOrTab || bytes[index] == .carriageReturn || bytes[index] == .lineFeed
                {
                    index += 1
                }
                while unfolded.last?.isSpaceOrTab == true { unfolded.removeLast() }
                unfolded.append(.space)
            } else {
                unfolded.append(byte.isControl ? .space : byte)
            }
        }
        return String(decoding: unfolded, as: UTF8.self)
    }

    /// The long form of the name, as we write it where we know it.
    func name(_ line: Line, of bytes: Swift.Span<UInt8>) -> String {
        if let known = line.known { HeaderName.all[known].name } else { bytes.text(line.name) }
    }

    private mutating func note(_ fault: SIPWireFault) {
        if self.fault == nil { self.fault = fault }
    }

    /// The index of the CRLF that ends the line, folds included; nil where there is none.
    private mutating func lineEnd(
        from start: Int,
        to end: Int,
        of bytes: Swift.Span<UInt8>,
        isPlain: inout Bool
    ) -> Int? {
        var index = start
        while index < end {
            let byte = bytes[index]
            guard byte.isControl else {
                index += 1
                continue
            }
            if byte == .carriageReturn, index + 1 < end, bytes[index + 1] == .lineFeed {
                // The start line and an empty line cannot be folded.
                guard index > start, !self.startLine.isEmpty, index + 2 < end, bytes[index + 2].isSpaceOrTab else {
                    return index
                }
                isPlain = false
                index += 3
                continue
            }
            // `quoted-pair` takes every control character but CR and LF (RFC 3261 §25.1); elsewhere there is none.
            if index == start || bytes[index - 1] != UInt8(ascii: "\\") || byte == .carriageReturn || byte == .lineFeed
            {
                self.note(.badHeaderLine)
            }
            isPlain = false
            index += 1
        }
        return nil
    }

    private mutating func add(_ range: Range<Int>, of bytes: Swift.Span<UInt8>, isPlain: Bool) {
        var index = range.lowerBound
        while index < range.upperBound, bytes[index].isToken { index += 1 }
        let name = range.lowerBound..<index
        while index < range.upperBound, bytes[index].isSpaceOrTab { index += 1 }
        guard !name.isEmpty, index < range.upperBound, bytes[index] == UInt8(ascii: ":") else {
            self.note(.badHeaderLine)
            return
        }
        let known = HeaderName.find(name, of: bytes)
        self.lines.append(
            Line(
                header: known.map { HeaderName.all[$0].header } ?? .other,
                known: known,
                name: name,
                value: bytes.trimmed(index + 1..<range.upperBound),
                isPlain: isPlain
            )
        )
    }
}
