/// A set of characters: each ASCII one by itself, all others together.
struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private var holdsOthers = false

    mutating func insert(_ byte: UInt8) {
        switch byte {
        case 0..<64: self.low |= 1 << UInt64(byte)
        case 64..<128: self.high |= 1 << UInt64(byte - 64)
        default: self.holdsOthers = true
        }
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range { self.insert(byte) }
    }

    mutating func formUnion(_ other: ByteSet) {
        self.low |= other.low
        self.high |= other.high
        self.holdsOthers = self.holdsOthers || other.holdsOthers
    }

    /// Everything that this set does not hold.
    var inverted: ByteSet {
        var set = ByteSet()
        set.low = ~self.low
        set.high = ~self.high
        set.holdsOthers = !self.holdsOthers
        return set
    }

    /// Whether it holds the character that starts with this byte.
    func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<64: self.low & (1 << UInt64(byte)) != 0
        case 64..<128: self.high & (1 << UInt64(byte - 64)) != 0
        default: self.holdsOthers
        }
    }

    static let digits = ByteSet([0x30...0x39])
    static let wordCharacters = ByteSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F...0x5F])
    static let spaces = ByteSet([0x09...0x0D, 0x20...0x20])
    /// What `.` takes: all but a line feed.
    static let any = ByteSet([0x0A...0x0A]).inverted

    init() {}

    private init(_ ranges: [ClosedRange<UInt8>]) {
        for range in ranges { self.insert(range) }
    }
}
