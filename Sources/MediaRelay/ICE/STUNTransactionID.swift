/// The 96 bits that an answer repeats (RFC 8489 §5).
package struct STUNTransactionID: Hashable, Sendable {
    /// The first 64 bits.
    package var high: UInt64
    /// The last 32 bits.
    package var low: UInt32

    package init(high: UInt64, low: UInt32) {
        self.high = high
        self.low = low
    }
}

extension STUNTransactionID {
    /// What an IPv6 address is combined with in XOR-MAPPED-ADDRESS: the magic cookie, then this (RFC 8489 §14.2).
    var addressMask: (high: UInt64, low: UInt64) {
        (UInt64(STUNMessage.cookie) << 32 | self.high >> 32, self.high << 32 | UInt64(self.low))
    }
}
