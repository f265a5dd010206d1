/// Decoded sound at 8 kHz that waits to be taken, with what was heard last before it.
///
/// Its memory is allocated once; what is too much for it is left out.
struct SoundQueue: ~Copyable {
    /// How much of the past is kept, in samples: two of the longest periods of a voice.
    private static let history = 320
    private static let capacity = 2400
    /// After how many concealed samples nothing is heard any more: 60 ms.
    private static let fade = 480
    /// Over how many samples sound that comes back is laid over what was made up: 4 ms.
    private static let overlap = 32

    private var samples = [Int16](repeating: 0, count: Self.capacity)
    private var start = Self.history
    private var end = Self.history
    /// How many samples were made up since sound was last heard, and the period that they repeat.
    private var concealed = 0
    private var period = Waveform.periods.upperBound

    /// How many samples wait.
    var count: Int { self.end - self.start }

    /// Forgets all of it.
    mutating func removeAll() {
        for index in self.samples.indices { self.samples[index] = 0 }
        self.start = Self.history
        self.end = Self.history
        self.concealed = 0
    }

    /// Lends room behind the sound.
    ///
    /// - Parameters:
    ///   - count: how much room; at most `OpusDecoding.longestPacket`.
    ///   - body: writes sound from the first sample on and gives how much; nil: none.
    /// - Returns: how many samples were added; nil where there was no room or nothing to write.
    mutating func append(_ count: Int, _ body: (inout MutableSpan<Int16>) -> Int?) -> Int? {
        self.makeRoom(count)
        guard count > 0, self.end + count <= Self.capacity else { return nil }
        let range = self.end..<self.end + count
        var all = self.samples.mutableSpan
        var room = all._mutatingExtracting(range)
        guard let added = body(&room), added > 0, added <= count else { return nil }
        self.end += added
        return added
    }

    /// Leaves out `count` of the samples that were added last but `added`: they are over already.
    mutating func removeBeginning(_ count: Int, ofLast added: Int) {
        let count = min(count, added)
        guard count > 0, added <= self.count else { return }
        for index in (self.end - added + count)..<self.end { self.samples[index - count] = self.samples[index] }
        self.end -= count
    }

    /// Goes on with what was heard, quieter and quieter (the idea of ITU-T G.711, Appendix I).
    mutating func conceal(_ count: Int) {
        self.makeRoom(count)
        guard count > 0, self.end + count <= Self.capacity else { return }
        if self.concealed == 0 {
            let distances = Waveform.periods.lazy.map { -$0 }
            let found = Waveform.repetition(in: self.samples.span, at: self.end - Waveform.window, distances)
            self.period = -(found ?? -Waveform.periods.upperBound)
        }
        for index in self.end..<self.end + count {
            self.samples[index] = self.madeUp(index)
        }
        self.end += count
    }

    /// What was added last is sound again: it is laid over what would have been made up.
    mutating func endConcealment(ofLast added: Int) {
        guard self.concealed > 0, added <= self.count else { return }
        let first = self.end - added
        let overlap = min(Self.overlap, added)
        // Read before it is written over: the period is longer than the overlap.
        for index in 0..<overlap {
            let before = self.madeUp(first + index)
            self.samples[first + index] = Waveform.faded(before, self.samples[first + index], index, of: overlap)
        }
        self.concealed = 0
    }

    /// Makes the sound that waits shorter by one period of it, where two pieces are alike.
    ///
    /// - Parameter kept: how many samples shall be left at least.
    /// - Returns: by how many samples.
    mutating func shorten(keeping kept: Int) -> Int {
        let longest = min(160, self.count - kept)
        guard longest >= 80, kept >= 160 else { return 0 }
        guard let period = Waveform.repetition(in: self.samples.span, at: self.start, 80...longest) else { return 0 }
        for index in 0..<160 {
            let (before, after) = (self.samples[self.start + index], self.samples[self.start + index + period])
            self.samples[self.start + index + period] = Waveform.faded(before, after, index, of: 160)
        }
        self.start += period
        return period
    }

    /// Lends the first `count` samples and takes them out; nil where there are fewer.
    mutating func take<Result>(_ count: Int, _ body: (Swift.Span<Int16>) -> Result) -> Result? {
        guard count >= 0, count <= self.count else { return nil }
        let result = body(self.samples.span.extracting(self.start..<self.start + count))
        self.start += count
        return result
    }

    private mutating func madeUp(_ index: Int) -> Int16 {
        // In sixteenths of the period before, which was made quieter already; in the end it goes down to nothing.
        let loudness = self.concealed < 80 ? 16 : max(0, min(12, 12 * (Self.fade + 80 - self.concealed) / 80))
        if self.concealed < Self.fade + 80 { self.concealed += 1 }
        return Int16(clamping: Int(self.samples[index - self.period]) * loudness / 16)
    }

    /// Moves the sound to the beginning where `count` more samples would not fit.
    private mutating func makeRoom(_ count: Int) {
        guard self.end + count > Self.capacity, self.start > Self.history else { return }
        let distance = self.start - Self.history
        for index in distance..<self.end { self.samples[index - distance] = self.samples[index] }
        self.start -= distance
        self.end -= distance
    }
}
