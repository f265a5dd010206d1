/// Speech at 8 kHz as numbers: how it repeats, and how two pieces of it are laid over each other.
enum Waveform {
    /// The periods of voices, 66 to 200 Hz, in samples.
    static let periods = 40...120
    /// How much is compared, in samples.
    static let window = 80

    /// The distance in `distances` at which the sound that begins at `start` repeats best.
    ///
    /// - Parameters:
    ///   - samples: all of it.
    ///   - start: where `window` samples begin.
    ///   - distances: of the other piece from there, below 0 where it lies before; those outside of `samples` don't count.
    /// - Returns: nil where there is too little sound to compare.
    static func repetition(in samples: Swift.Span<Int16>, at start: Int, _ distances: some Sequence<Int>) -> Int? {
        guard start >= 0, start + Self.window <= samples.count else { return nil }
        var best: (distance: Int, score: Float)?
        for distance in distances {
            let other = start + distance
            guard other >= 0, other + Self.window <= samples.count else { continue }
            var (product, energy): (Float, Float) = (0, 1)
            for index in 0..<Self.window {
                let sample = Float(samples[other + index])
                product += Float(samples[start + index]) * sample
                energy += sample * sample
            }
            let score = product <= 0 ? product / energy : product * product / energy
            if best.map({ score > $0.score }) ?? true { best = (distance, score) }
        }
        return best?.distance
    }

    /// Where `index` of `count` samples lies between two pieces that are laid over each other.
    static func faded(_ before: Int16, _ after: Int16, _ index: Int, of count: Int) -> Int16 {
        Int16(clamping: (Int(before) * (count - index) + Int(after) * index) / count)
    }
}
