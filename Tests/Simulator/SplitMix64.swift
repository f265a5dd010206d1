/// The SplitMix64 generator (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
///
/// One seed gives one run, whatever the machine. Each actor has a generator of its own, so that what one draws does not
/// change what the others do.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to `limit`, which is left out and more than 0.
    mutating func below(_ limit: Int) -> Int {
        Int(truncatingIfNeeded: self.next() % UInt64(limit))
    }

    mutating func between(_ low: Int, _ high: Int) -> Int {
        low + self.below(high - low + 1)
    }

    /// True in so many of a hundred cases.
    mutating func chance(_ percent: Int) -> Bool {
        self.below(100) < percent
    }

    /// A span between two numbers of milliseconds, in nanoseconds.
    mutating func milliseconds(_ low: Int, _ high: Int) -> UInt64 {
        UInt64(low) * 1_000_000 + self.next() % (UInt64(high - low + 1) * 1_000_000)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[self.below(elements.count)]
    }

    /// An index, drawn by the weight that each one has.
    mutating func weighted(_ weights: [Int]) -> Int {
        var left = self.below(max(1, weights.reduce(0, +)))
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return weights.count - 1
    }

    mutating func fork() -> SplitMix64 {
        SplitMix64(seed: self.next())
    }
}
