/// Reads one value of bencoding, strictly, and within bounds.
///
/// Refused are numbers with leading zeros, `-0` or beyond 64 bits, lengths that go past the end, keys that are no strings
/// or come twice, and whatever follows the value. Keys may come in any order, for rtpengine does not sort them.
struct BencodeReader {
    /// What a peer can make us hold.
    enum Limits {
        /// The most that a datagram holds.
        static let bytes = 65_507
        static let depth = 16
        /// Values of all levels together.
        static let values = 8_192
    }

    private let bytes: ArraySlice<UInt8>
    private var index: Int
    private var valuesLeft = Limits.values

    /// The value that `bytes` stands for; nil where it is malformed.
    static func read(_ bytes: ArraySlice<UInt8>) -> Bencode? {
        guard bytes.count <= Limits.bytes else { return nil }
        var reader = BencodeReader(bytes: bytes)
        guard let value = reader.value(depth: 0), reader.index == bytes.endIndex else { return nil }
        return value
    }

    private init(bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.index = bytes.startIndex
    }

    private var next: UInt8? { self.index < self.bytes.endIndex ? self.bytes[self.index] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.index += 1
        return true
    }

    private mutating func value(depth: Int) -> Bencode? {
        guard depth < Limits.depth, self.valuesLeft > 0 else { return nil }
        self.valuesLeft -= 1
        if self.skip(UInt8(ascii: "i")) { return self.integer() }
        if self.skip(UInt8(ascii: "l")) { return self.list(depth: depth) }
        if self.skip(UInt8(ascii: "d")) { return self.dictionary(depth: depth) }
        return self.string().map { .string(Array($0)) }
    }

    private mutating func integer() -> Bencode? {
        let isNegative = self.skip(UInt8(ascii: "-"))
        guard let digits = self.digits(limit: 19), self.skip(UInt8(ascii: "e")) else { return nil }
        let text = String(decoding: digits, as: UTF8.self)
        if isNegative, text == "0" { return nil }
        return Int64(isNegative ? "-" + text : text).map { .integer($0) }
    }

    private mutating func list(depth: Int) -> Bencode? {
        var elements: [Bencode] = []
        while !self.skip(UInt8(ascii: "e")) {
            guard let element = self.value(depth: depth + 1) else { return nil }
            elements.append(element)
        }
        return .list(elements)
    }

    private mutating func dictionary(depth: Int) -> Bencode? {
        var entries: [Bencode.Entry] = []
        var keys: Set<String> = []
        while !self.skip(UInt8(ascii: "e")) {
            guard let bytes = self.string() else { return nil }
            let key = String(decoding: bytes, as: UTF8.self)
            guard keys.insert(key).inserted, let value = self.value(depth: depth + 1) else { return nil }
            entries.append(Bencode.Entry(key, value))
        }
        return .dictionary(entries)
    }

    private mutating func string() -> ArraySlice<UInt8>? {
        guard let digits = self.digits(limit: 5), let count = Int(String(decoding: digits, as: UTF8.self)),
            self.skip(UInt8(ascii: ":")), count <= self.bytes.endIndex - self.index
        else { return nil }
        defer { self.index += count }
        return self.bytes[self.index..<self.index + count]
    }

    /// One digit or more without a leading zero.
    private mutating func digits(limit: Int) -> ArraySlice<UInt8>? {
        let start = self.index
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), self.index - start <= limit
        {
            self.index += 1
        }
        let digits = self.bytes[start..<self.index]
        guard (1...limit).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            return nil
        }
        return digits
    }
}
