// The generic searches of `Collection` walk a string by its indices, at ten times the cost of these.

extension String {
    /// Whether one of its UTF-8 bytes is that one.
    @inline(__always)
    func holds(_ byte: UInt8) -> Bool { self.countBytes { $0 == byte } > 0 }

    /// How many of its UTF-8 bytes are as asked.
    @inline(__always)
    func countBytes(where isCounted: (UInt8) -> Bool) -> Int {
        let bytes = self.utf8.span
        var count = 0
        for index in bytes.indices where isCounted(bytes[index]) { count += 1 }
        return count
    }
}

extension Substring {
    /// Whether its UTF-8 bytes begin with those of `prefix`.
    func begins(with prefix: String) -> Bool {
        let bytes = self.utf8.span
        let first = prefix.utf8.span
        guard bytes.count >= first.count else { return false }
        for index in first.indices where bytes[index] != first[index] { return false }
        return true
    }
}

extension String {
    /// The fields with a space between them, in one allocation.
    init(fields: Substring...) {
        self = ""
        self.reserveCapacity(fields.reduce(fields.count) { $0 + $1.utf8.count })
        for (index, field) in fields.enumerated() {
            if index > 0 { self += " " }
            self += field
        }
    }
}
