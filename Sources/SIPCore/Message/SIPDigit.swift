/// A key of a telephone that was pressed, as the body of an INFO carries it.
///
/// Telephones that know no telephone-events send `application/dtmf-relay`, or `application/dtmf`, which has no duration.
/// Neither was ever made a standard; what is read here is what is found in the field (RFC 6086 §2 names them as uses of
/// INFO that came before its packages).
package struct SIPDigit: Hashable, Sendable {
    /// `0` to `9`, `*`, `#`, `A` to `D`.
    package var key: Character
    /// How long it sounds; between 40 ms and 6 s.
    package var duration: Span

    package init(_ key: Character, duration: Span) {
        self.key = key
        self.duration = min(max(duration, Self.shortest), Self.longest)
    }

    private static let shortest = Span.milliseconds(40)
    private static let longest = Span.seconds(6)
    /// Where the peer does not say.
    private static let usual = Span.milliseconds(160)
    /// Few peers send 100 bytes.
    private static let largestBody = 512

    /// The type of the bodies that we write.
    static let contentType = "application/dtmf-relay"
    /// The types that can be read, as Accept lists them.
    static let acceptedTypes = "application/dtmf-relay, application/dtmf"

    /// What a body says.
    enum Reading: Equatable {
        case digit(SIPDigit)
        /// The type is none of ours.
        case otherType
        case malformed
    }

    static func read(_ body: [UInt8], contentType: String?) -> Reading {
        guard let type = contentType?.prefix(while: { $0 != ";" && $0 != " " && $0 != "\t" }) else { return .otherType }
        let isRelayed = type.equalsIgnoringCase("application/dtmf-relay")
        guard isRelayed || type.equalsIgnoringCase("application/dtmf") else { return .otherType }
        guard body.count <= Self.largestBody else { return .malformed }
        if isRelayed { return Self.relayed(body) }
        return Self.key(body[...].trimmed).map { .digit(SIPDigit($0, duration: Self.usual)) } ?? .malformed
    }

    /// `Signal=5`, and perhaps `Duration=160`, each on a line.
    private static func relayed(_ body: [UInt8]) -> Reading {
        var key: Character?
        var duration = Self.usual
        for line in body.split(whereSeparator: { $0 == 0x0D || $0 == 0x0A }) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = line[..<equals].trimmed
            let value = line[line.index(after: equals)...].trimmed
            if name.spells("signal") {
                guard let pressed = Self.key(value) else { return .malformed }
                key = pressed
            } else if name.spells("duration") {
                guard let milliseconds = UInt32(String(decoding: value, as: UTF8.self)) else { return .malformed }
                duration = .milliseconds(UInt64(milliseconds))
            }
        }
        return key.map { .digit(SIPDigit($0, duration: duration)) } ?? .malformed
    }

    /// The key of that name; some peers write 10 to 15 for the keys after 9, as RFC 4733 §3.2 numbers them.
    private static func key(_ name: ArraySlice<UInt8>) -> Character? {
        let keys = Array("0123456789*#ABCD")
        if name.count == 1, let byte = name.first {
            return keys.first { $0.asciiValue == (byte >= 0x61 ? byte & 0xDF : byte) }
        }
        guard name.count == 2, let number = Int(String(decoding: name, as: UTF8.self)), (10...15).contains(number)
        else { return nil }
        return keys[number]
    }

    var body: [UInt8] {
        Array("Signal=\(self.key)\r\nDuration=\(self.duration.nanoseconds / 1_000_000)\r\n".utf8)
    }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmed: ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        var slice = self.drop(while: isSpace)
        while let last = slice.last, isSpace(last) { slice.removeLast() }
        return slice
    }

    fileprivate func spells(_ name: String) -> Bool {
        self.count == name.utf8.count && zip(self, name.utf8).allSatisfy { $0.asciiLowercased == $1 }
    }
}
