/// Turns a regular expression into a program for `DialProgram`.
struct DialPatternCompiler {
    private indirect enum Node {
        case empty
        case byte(UInt8)
        case set(ByteSet)
        case start
        case end
        case sequence([Node])
        case choice([Node])
        case group(Node, number: Int)
        /// `most` is nil where there is no limit.
        case repetition(Node, least: Int, most: Int?, lazy: Bool)
    }

    private static let largestProgram = 4_096
    private static let largestRepetition = 200
    private static let deepestNesting = 32

    private var rest: Substring.UTF8View
    private var groups = 0
    private var depth = 0
    private var instructions: [DialProgram.Instruction] = []

    init(_ source: String) {
        self.rest = Substring(source).utf8
    }

    mutating func compile() throws(DialPatternError) -> DialProgram {
        guard !self.rest.isEmpty else { throw DialPatternError("the pattern is empty") }
        let tree = try self.readChoice()
        guard self.rest.isEmpty else { throw DialPatternError("\")\" without \"(\" in the pattern") }
        guard self.groups <= 9 else { throw DialPatternError("more than 9 groups in the pattern") }
        try self.emit(.group(tree, number: 0))
        try self.append(.match)
        return DialProgram(instructions: self.instructions, groups: self.groups)
    }

    // MARK: Reading

    private mutating func readChoice() throws(DialPatternError) -> Node {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.deepestNesting else { throw DialPatternError("the pattern is nested too deeply") }
        var branches = [try self.readSequence()]
        while self.rest.first == UInt8(ascii: "|") {
            self.rest.removeFirst()
            branches.append(try self.readSequence())
        }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func readSequence() throws(DialPatternError) -> Node {
        var nodes: [Node] = []
        while let next = self.rest.first, next != UInt8(ascii: "|"), next != UInt8(ascii: ")") {
            let atom = try self.readAtom()
            nodes.append(try self.readRepetition(of: atom))
        }
        switch nodes.count {
        case 0: return .empty
        case 1: return nodes[0]
        default: return .sequence(nodes)
        }
    }

    private mutating func readAtom() throws(DialPatternError) -> Node {
        let byte = self.rest.removeFirst()
        switch byte {
        case UInt8(ascii: "^"): return .start
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "."): return .set(.any)
        case UInt8(ascii: "("): return try self.readGroup()
        case UInt8(ascii: "["): return .set(try self.readClass())
        case UInt8(ascii: "\\"): return try self.readEscape()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
            let letter = Character(Unicode.Scalar(byte))
            throw DialPatternError("\"\(letter)\" has nothing to repeat; write \\\(letter) for the character itself")
        default: return self.readLiteral(byte)
        }
    }

    /// A character, all of whose UTF-8 bytes a repetition after it takes.
    private mutating func readLiteral(_ first: UInt8) -> Node {
        guard first >= 0xC0 else { return .byte(first) }
        var bytes = [Node.byte(first)]
        while let next = self.rest.first, next & 0xC0 == 0x80 { bytes.append(.byte(self.rest.removeFirst())) }
        return .sequence(bytes)
    }

    private mutating func readGroup() throws(DialPatternError) -> Node {
        var number: Int?
        if self.rest.first == UInt8(ascii: "?") {
            self.rest.removeFirst()
            guard self.rest.popFirst() == UInt8(ascii: ":") else {
                throw DialPatternError("of the groups that start with \"(?\" only \"(?:\" is known here")
            }
        } else {
            self.groups += 1
            number = self.groups
        }
        let inner = try self.readChoice()
        guard self.rest.popFirst() == UInt8(ascii: ")") else {
            throw DialPatternError("\"(\" without \")\" in the pattern")
        }
        return number.map { .group(inner, number: $0) } ?? inner
    }

    private mutating func readEscape() throws(DialPatternError) -> Node {
        guard let byte = self.rest.popFirst() else { throw DialPatternError("the pattern ends in a lone \"\\\"") }
        if let set = Self.classEscape(byte) { return .set(set) }
        return .byte(try Self.literalEscape(byte))
    }

    private static func classEscape(_ byte: UInt8) -> ByteSet? {
        switch byte {
        case UInt8(ascii: "d"): .digits
        case UInt8(ascii: "D"): ByteSet.digits.inverted
        case UInt8(ascii: "w"): .wordCharacters
        case UInt8(ascii: "W"): ByteSet.wordCharacters.inverted
        case UInt8(ascii: "s"): .spaces
        case UInt8(ascii: "S"): ByteSet.spaces.inverted
        default: nil
        }
    }

    private static func literalEscape(_ byte: UInt8) throws(DialPatternError) -> UInt8 {
        guard !ByteSet.wordCharacters.contains(byte) else {
            throw DialPatternError("\"\\\(Character(Unicode.Scalar(byte)))\" is not known here")
        }
        return byte
    }

    private mutating func readClass() throws(DialPatternError) -> ByteSet {
        var set = ByteSet()
        let isInverted = self.rest.first == UInt8(ascii: "^")
        if isInverted { self.rest.removeFirst() }
        var isFirst = true
        while let byte = self.rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst { return isInverted ? set.inverted : set }
            isFirst = false
            guard byte < 0x80 else { throw DialPatternError("only ASCII characters may stand in [ ]") }
            var low = byte
            if byte == UInt8(ascii: "\\") {
                guard let escaped = self.rest.popFirst() else { break }
                if let inner = Self.classEscape(escaped) {
                    set.formUnion(inner)
                    continue
                }
                low = try Self.literalEscape(escaped)
            }
            guard self.rest.first == UInt8(ascii: "-"), let high = self.rest.dropFirst().first,
                high != UInt8(ascii: "]")
            else {
                set.insert(low)
                continue
            }
            guard high < 0x80, high != UInt8(ascii: "\\"), low <= high else {
                throw DialPatternError("a range in [ ] runs from the lower to the higher character")
            }
            self.rest.removeFirst(2)
            set.insert(low...high)
        }
        throw DialPatternError("\"[\" without \"]\" in the pattern")
    }

    private mutating func readRepetition(of atom: Node) throws(DialPatternError) -> Node {
        guard let byte = self.rest.first else { return atom }
        var least = 0
        var most: Int?
        switch byte {
        case UInt8(ascii: "*"): break
        case UInt8(ascii: "+"): least = 1
        case UInt8(ascii: "?"): most = 1
        case UInt8(ascii: "{"): (least, most) = try self.readBounds()
        default: return atom
        }
        if byte != UInt8(ascii: "{") { self.rest.removeFirst() }
        var isLazy = false
        if self.rest.first == UInt8(ascii: "?") {
            self.rest.removeFirst()
            isLazy = true
        }
        if let next = self.rest.first, [UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "{")].contains(next) {
            throw DialPatternError("two repetitions in a row in the pattern")
        }
        return .repetition(atom, least: least, most: most, lazy: isLazy)
    }

    /// Reads `{3}`, `{3,}` or `{3,5}`.
    private mutating func readBounds() throws(DialPatternError) -> (least: Int, most: Int?) {
        let malformed = DialPatternError("write {3}, {3,} or {3,5} for a repetition; \\{ for the character itself")
        guard let end = self.rest.firstIndex(of: UInt8(ascii: "}")) else { throw malformed }
        let text = Substring(self.rest[..<end]).dropFirst()
        self.rest = self.rest[self.rest.index(after: end)...]
        let bounds = text.split(separator: ",", omittingEmptySubsequences: false)
        guard bounds.count <= 2, let least = Self.readCount(bounds[0]) else { throw malformed }
        guard bounds.count == 2 else { return (least, least) }
        if bounds[1].isEmpty { return (least, nil) }
        guard let most = Self.readCount(bounds[1]), most >= least else { throw malformed }
        return (least, most)
    }

    private static func readCount(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), let count = Int(text), (0...Self.largestRepetition).contains(count)
        else { return nil }
        return count
    }

    // MARK: Writing

    private mutating func append(_ instruction: DialProgram.Instruction) throws(DialPatternError) {
        guard self.instructions.count < Self.largestProgram else { throw DialPatternError("the pattern is too big") }
        self.instructions.append(instruction)
    }

    private mutating func emit(_ node: Node) throws(DialPatternError) {
        switch node {
        case .empty: return
        case .byte(let byte): try self.append(.byte(byte))
        case .set(let set): try self.append(.set(set))
        case .start: try self.append(.start)
        case .end: try self.append(.end)
        case .sequence(let nodes):
            for node in nodes { try self.emit(node) }
        case .choice(let branches): try self.emitChoice(branches)
        case .group(let inner, let number):
            try self.append(.save(number * 2))
            try self.emit(inner)
            try self.append(.save(number * 2 + 1))
        case .repetition(let inner, let least, let most, let lazy):
            try self.emitRepetition(inner, least: least, most: most, isLazy: lazy)
        }
    }

    private mutating func emitChoice(_ branches: [Node]) throws(DialPatternError) {
        var exits: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try self.emit(branch)
                break
            }
            let split = self.instructions.count
            try self.append(.split(split + 1, 0))
            try self.emit(branch)
            exits.append(self.instructions.count)
            try self.append(.jump(0))
            self.instructions[split] = .split(split + 1, self.instructions.count)
        }
        for exit in exits { self.instructions[exit] = .jump(self.instructions.count) }
    }

    private mutating func emitRepetition(
        _ inner: Node,
        least: Int,
        most: Int?,
        isLazy: Bool
    ) throws(DialPatternError) {
        for _ in 0..<least { try self.emit(inner) }
        if let most {
            for _ in least..<most {
                // Each further one is optional; a failed one leaves the rest to fail in the same way.
                let split = self.instructions.count
                try self.append(.split(0, 0))
                try self.emit(inner)
                self.instructions[split] = Self.split(split + 1, self.instructions.count, isLazy)
            }
        } else {
            let split = self.instructions.count
            try self.append(.split(0, 0))
            try self.emit(inner)
            try self.append(.jump(split))
            self.instructions[split] = Self.split(split + 1, self.instructions.count, isLazy)
        }
    }

    private static func split(_ inner: Int, _ after: Int, _ isLazy: Bool) -> DialProgram.Instruction {
        isLazy ? .split(after, inner) : .split(inner, after)
    }
}
