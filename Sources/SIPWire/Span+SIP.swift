extension Swift.Span<UInt8> {
    /// These bytes as a string; what is no UTF-8 becomes U+FFFD.
    func text(_ range: Range<Int>) -> String {
        unsafe self.withUnsafeBufferPointer { buffer in
            unsafe String(decoding: UnsafeBufferPointer(rebasing: buffer[range]), as: UTF8.self)
        }
    }

    /// A copy of these bytes.
    func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe self.withUnsafeBufferPointer { buffer in
            unsafe Array(UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }

    /// Whether these bytes are `word`, given in lower case, without regard to case.
    func equals(_ range: Range<Int>, ignoringCase word: [UInt8]) -> Bool {
        guard range.count == word.count else { return false }
        for (offset, byte) in word.enumerated() where self[range.lowerBound + offset].lowercasedLetter != byte {
            return false
        }
        return true
    }

    /// The range without spaces, tabs and line ends at either end.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, self[lower].isBlank { lower += 1 }
        while upper > lower, self[upper - 1].isBlank { upper -= 1 }
        return lower..<upper
    }

    /// The decimal number that these bytes are; nil where one is no digit, there is none, or it passes `maximum`.
    func decimal(_ range: Range<Int>, maximum: UInt64) -> UInt64? {
        guard !range.isEmpty else { return nil }
        var number: UInt64 = 0
        for index in range {
            let byte = self[index]
            guard byte.isDigit else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte & 0x0F))
            guard !overflow, !carry, sum <= maximum else { return nil }
            number = sum
        }
        return number
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self.isSpaceOrTab || self == .carriageReturn || self == .lineFeed }
}
