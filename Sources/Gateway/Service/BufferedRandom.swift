internal import Glibc

/// The system's random numbers, asked for by the page: a call takes some twenty, and a system call for each would cost more
/// than all else that is done with them.
struct BufferedRandom: RandomNumberGenerator, Sendable {
    private static let count = 32

    private var numbers: [UInt64] = []

    mutating func next() -> UInt64 {
        if self.numbers.isEmpty { self.fill() }
        return self.numbers.removeLast()
    }

    private mutating func fill() {
        self.numbers = [UInt64](unsafeUninitializedCapacity: Self.count) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            // 256 bytes is the most that one call gives.
            let taken = bytes.baseAddress.map { getentropy($0, 256) } == 0
            count = taken ? Self.count : 0
        }
        // A kernel without it has the standard library's ways.
        if self.numbers.isEmpty {
            var system = SystemRandomNumberGenerator()
            self.numbers = [system.next()]
        }
    }
}
