/// A compiled dial pattern, and the machine that runs it.
struct DialProgram: Sendable {
    enum Instruction: Sendable {
        case byte(UInt8)
        /// One character of the set; a whole UTF-8 sequence where the set holds what is not ASCII.
        case set(ByteSet)
        /// Tries the first, then the second.
        case split(Int, Int)
        case jump(Int)
        /// Notes the place in that slot: a group's start in an even one, its end in the odd one after it.
        case save(Int)
        case start
        case end
        case match
    }

    var instructions: [Instruction]
    /// How many groups the pattern has, the whole match not counted.
    var groups: Int

    private enum Job {
        case run(instruction: Int, place: Int)
        case restore(slot: Int, place: Int)
    }

    /// The first match: for each group its start and end in bytes, -1 where it took no part; the whole match is group 0.
    func match(_ input: UnsafeBufferPointer<UInt8>) -> [Int]? {
        guard self.mayMatch(input) else { return nil }
        var places = [Int](repeating: -1, count: (self.groups + 1) * 2)
        let width = input.count + 1
        var tried = [UInt64](repeating: 0, count: (self.instructions.count * width + 63) / 64)
        var jobs: [Job] = []
        jobs.reserveCapacity(16)
        for start in 0...input.count {
            jobs.append(.run(instruction: 0, place: start))
            while let job = jobs.popLast() {
                switch job {
                case .restore(let slot, let place):
                    places[slot] = place
                case .run(let instruction, let place):
                    if self.run(from: instruction, at: place, input, &places, &tried, &jobs) { return places }
                }
            }
            // A pattern that starts with ^ has been tried where it can match.
            if self.isAnchored { return nil }
        }
        return nil
    }

    /// Whether the first character, where a pattern such as `^6` asks for one, is there: most rows of a dial plan are done
    /// with after one look.
    private func mayMatch(_ input: UnsafeBufferPointer<UInt8>) -> Bool {
        guard self.isAnchored, case .byte(let byte) = self.instructions[2] else { return true }
        return input.first == byte
    }

    private var isAnchored: Bool {
        // Instruction 0 notes the start of the match.
        guard self.instructions.count > 2, case .start = self.instructions[1] else { return false }
        return true
    }

    /// Runs until the match or a dead end; what else could be tried is left in `jobs`.
    private func run(
        from first: Int,
        at start: Int,
        _ input: UnsafeBufferPointer<UInt8>,
        _ places: inout [Int],
        _ tried: inout [UInt64],
        _ jobs: inout [Job]
    ) -> Bool {
        var current = first
        var place = start
        while true {
            let mark = current * (input.count + 1) + place
            guard tried[mark / 64] & (1 << (mark % 64)) == 0 else { return false }
            tried[mark / 64] |= 1 << (mark % 64)
            switch self.instructions[current] {
            case .byte(let byte):
                guard place < input.count, input[place] == byte else { return false }
                place += 1
                current += 1
            case .set(let set):
                guard place < input.count, set.contains(input[place]) else { return false }
                let isSequence = input[place] >= 0xC0
                place += 1
                while isSequence, place < input.count, input[place] & 0xC0 == 0x80 { place += 1 }
                current += 1
            case .split(let next, let otherwise):
                jobs.append(.run(instruction: otherwise, place: place))
                current = next
            case .jump(let next):
                current = next
            case .save(let slot):
                jobs.append(.restore(slot: slot, place: places[slot]))
                places[slot] = place
                current += 1
            case .start:
                guard place == 0 else { return false }
                current += 1
            case .end:
                guard place == input.count else { return false }
                current += 1
            case .match:
                return true
            }
        }
    }
}
