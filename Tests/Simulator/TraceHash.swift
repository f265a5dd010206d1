/// A running hash (FNV-1a over 64-bit words) that is the same in every process, unlike Swift's own.
struct TraceHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func mix(_ word: UInt64) {
        self.value = (self.value ^ word) &* 0x0000_0100_0000_01B3
        self.value ^= self.value >> 29
    }

    mutating func mix(_ text: String) {
        var word: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            count += 1
            if count == 8 {
                self.mix(word)
                word = 0
                count = 0
            }
        }
        self.mix(word)
    }
}
