/// The same numbers for the same seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var bits = self.state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// Whether something happens that happens `perCent` times of a hundred.
    mutating func happens(_ perCent: Int) -> Bool {
        Int.random(in: 0..<100, using: &self) < perCent
    }

    /// These bytes with one to four changes: a bit, a byte, a cut, a repetition, a length that lies.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &self)] }
            let index = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &self)
            case 2: bytes.removeSubrange(index...)
            case 3: bytes.insert(contentsOf: bytes[index...].prefix(64), at: index)
            case 4: bytes.remove(at: index)
            default:
                // The fields of the headers, which stand at the front.
                let front = Int.random(in: 0..<min(bytes.count, 40), using: &self)
                bytes[front] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &self) ?? 0
            }
        }
        return bytes
    }
}
