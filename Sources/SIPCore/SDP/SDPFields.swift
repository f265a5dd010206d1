/// The fields of a value that are set apart by spaces.
package struct SDPFields: IteratorProtocol {
    private var rest: Substring.UTF8View

    package init(_ text: Substring) {
        self.rest = text.utf8
    }

    package mutating func next() -> Substring? {
        let rest = self.rest
        let bytes = rest.span
        var start = 0
        while start < bytes.count, bytes[start] == 0x20 { start += 1 }
        guard start < bytes.count else { return nil }
        var end = start
        while end < bytes.count, bytes[end] != 0x20 { end += 1 }
        let first = rest.index(rest.startIndex, offsetBy: start)
        let last = rest.index(first, offsetBy: end - start)
        self.rest = rest[last...]
        return Substring(rest[first..<last])
    }

    /// What is left, without the spaces around it.
    package func remaining() -> Substring { Substring(self.rest).trimmedOfSpace }
}
