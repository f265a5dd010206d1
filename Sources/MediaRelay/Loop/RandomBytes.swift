import CMediaSockets

/// Random numbers fit for keys, drawn from the system many at a time.
struct RandomBytes: RandomNumberGenerator {
    private static let capacity = 1024

    private var pool = [UInt8](repeating: 0, count: RandomBytes.capacity)
    private var used = RandomBytes.capacity

    /// Bytes that nobody gets again, up to 256.
    mutating func take(_ count: Int) -> [UInt8] {
        precondition(count <= 256, "At most 256 random bytes are drawn at a time")
        if self.used + count > Self.capacity { self.refill() }
        let start = self.used
        self.used += count
        let bytes = Array(self.pool[start..<self.used])
        // What has become a key has no place here any more.
        for index in start..<self.used { self.pool[index] = 0 }
        return bytes
    }

    mutating func next() -> UInt64 {
        self.take(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func refill() {
        let isFilled = unsafe self.pool.withUnsafeMutableBytes { unsafe media_random($0.baseAddress, $0.count) == 1 }
        if !isFilled {
            // A kernel or a sandbox without the call: the standard library knows other ways, and ends the process without one.
            var generator = SystemRandomNumberGenerator()
            for index in self.pool.indices { self.pool[index] = UInt8.random(in: 0...255, using: &generator) }
        }
        self.used = 0
    }
}
