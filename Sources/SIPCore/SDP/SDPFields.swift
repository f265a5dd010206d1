/// The fields of a value that are set apart by spaces.
package struct SDPFields: IteratorProtocol {
    private var rest: Substring.UTF8View

    package init(_ text: Substring) {
        self.rest = text.utf8
    }

    package mutating func next() -> Substring? {
        while self.rest.first == 0x20 { self.rest.removeFirst() }
        guard !self.rest.isEmpty else { return nil }
        let end = self.rest.firstIndex(of: 0x20) ?? self.rest.endIndex
        let field = self.rest[..<end]
        self.rest = self.rest[end...]
        return Substring(field)
    }

    /// What is left, without the spaces around it.
    package func remaining() -> Substring { Substring(self.rest).trimmedOfSpace }
}
