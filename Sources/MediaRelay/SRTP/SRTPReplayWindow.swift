/// Which of the latest packets of a stream have been there (RFC 3711 §3.3.2), a bit each.
///
/// The bits stand in a ring of `words` times 64, of which one word is being filled (RFC 6479): so the window has
/// `(words - 1) * 64` packets.
package struct SRTPReplayWindow<let words: Int>: Sendable {
    /// The highest index that has been there, 0 before the first.
    package private(set) var highest: UInt64 = 0
    private var bits = InlineArray<words, UInt64>(repeating: 0)

    package init() {}

    /// How far a packet may lie behind the highest, less one.
    package static var size: UInt64 { UInt64(words - 1) * 64 }

    /// Whether this index may still come: it has not been there, and is not too old.
    package func isFresh(_ index: UInt64) -> Bool {
        if index > self.highest { return true }
        guard self.highest - index < Self.size else { return false }
        return self.bits[Self.word(index)] & Self.bit(index) == 0
    }

    /// This index, which is fresh, has been there.
    package mutating func mark(_ index: UInt64) {
        if index > self.highest {
            let before = self.highest / 64
            for step in 0..<min(UInt64(words), index / 64 - before) {
                self.bits[Int((before + step + 1) % UInt64(words))] = 0
            }
            self.highest = index
        }
        self.bits[Self.word(index)] |= Self.bit(index)
    }

    private static func word(_ index: UInt64) -> Int { Int(index / 64 % UInt64(words)) }

    private static func bit(_ index: UInt64) -> UInt64 { 1 << (index % 64) }
}
