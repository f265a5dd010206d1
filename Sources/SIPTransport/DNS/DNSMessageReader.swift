internal import NIOCore
package import SIPCore

/// Reads the answer out of a message of the domain name system (RFC 1035 §4).
///
/// It comes from whoever can send to our port: every length is checked, names are followed backwards only, and what is kept
/// is bounded.
package struct DNSMessageReader {
    /// Records that one answer may hold; what more come are not heard.
    private static let mostRecords = 32
    /// Records that are looked at, of all types.
    private static let mostLooks = 256
    private static let longestLifetime: UInt32 = 86_400
    /// As RFC 2308 §5 has it, but a trunk that is set up now shall work soon.
    private static let longestNegativeLifetime: UInt32 = 300
    /// Where the answer does not tell how long nothing will be there.
    private static let negativeLifetime: UInt32 = 5

    private let bytes: [UInt8]
    private var place = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// - Returns: what the message holds for a question of that kind; nil where it is malformed.
    package static func read(_ bytes: [UInt8], _ kind: DNSQuestion.Kind) -> DNSAnswer? {
        var reader = DNSMessageReader(bytes)
        return reader.read(kind)
    }

    private mutating func read(_ kind: DNSQuestion.Kind) -> DNSAnswer? {
        self.place = 4
        guard let questions = self.number16(), let answers = self.number16(), let authorities = self.number16()
        else { return nil }
        self.place = 12
        for _ in 0..<min(Int(questions), Self.mostLooks) {
            guard self.skipName() else { return nil }
            self.place += 4
        }
        var records: [DNSRecord] = []
        var lifetime = Self.longestLifetime
        for _ in 0..<min(Int(answers), Self.mostLooks) {
            guard let head = self.head() else { return nil }
            // A chain of aliases holds no longer than the first of its links.
            lifetime = min(lifetime, head.lifetime)
            if head.kind == kind.code, records.count < Self.mostRecords, let record = self.record(kind, head.end) {
                records.append(record)
            }
            self.place = head.end
        }
        guard records.isEmpty else {
            // Not at all is kept for a second: a call asks no more than once.
            return DNSAnswer(records: records, lifetime: .seconds(UInt64(max(1, lifetime))))
        }
        return DNSAnswer(records: [], lifetime: .seconds(UInt64(self.negativeLifetime(authorities))))
    }

    /// How long the zone's SOA lets us believe that there is nothing (RFC 2308 §5).
    private mutating func negativeLifetime(_ authorities: UInt16) -> UInt32 {
        for _ in 0..<min(Int(authorities), Self.mostLooks) {
            guard let head = self.head() else { break }
            if head.kind == 6, self.skipName(), self.skipName() {
                self.place += 16
                guard let minimum = self.number32(), self.place <= head.end else { break }
                return max(1, min(minimum, head.lifetime, Self.longestNegativeLifetime))
            }
            self.place = head.end
        }
        return Self.negativeLifetime
    }

    private struct Head {
        var kind: UInt16
        var lifetime: UInt32
        /// The end of the record's data.
        var end: Int
    }

    /// The head of a record; the place is then at its data.
    private mutating func head() -> Head? {
        guard self.skipName(), let kind = self.number16(), let domain = self.number16(), let time = self.number32(),
            let length = self.number16()
        else { return nil }
        let end = self.place + Int(length)
        guard end <= self.bytes.count else { return nil }
        // A time with its highest bit set is none (RFC 2181 §8); of another class than IN there is nothing for us.
        return Head(kind: domain == 1 ? kind : 0, lifetime: time > Int32.max ? 0 : time, end: end)
    }

    /// The record of data that ends at `end`; nil where it is malformed.
    private mutating func record(_ kind: DNSQuestion.Kind, _ end: Int) -> DNSRecord? {
        let record: DNSRecord?
        switch kind {
        case .ipv4: record = self.address(of: 4, end)
        case .ipv6: record = self.address(of: 16, end)
        case .srv:
            guard let priority = self.number16(), let weight = self.number16(), let port = self.number16(),
                let host = self.name()
            else { return nil }
            record = .service(priority: priority, weight: weight, port: port, host: host)
        case .naptr:
            guard let order = self.number16(), let preference = self.number16(), let flags = self.text(),
                let service = self.text(), self.text() != nil, let replacement = self.name()
            else { return nil }
            record = .pointer(
                order: order,
                preference: preference,
                flags: flags,
                service: service,
                replacement: replacement
            )
        }
        return self.place == end ? record : nil
    }

    // MARK: Parts

    private mutating func byte() -> UInt8? {
        guard self.place < self.bytes.count else { return nil }
        defer { self.place += 1 }
        return self.bytes[self.place]
    }

    private mutating func number16() -> UInt16? {
        guard let high = self.byte(), let low = self.byte() else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    private mutating func number32() -> UInt32? {
        guard let high = self.number16(), let low = self.number16() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    private mutating func address(of length: Int, _ end: Int) -> DNSRecord? {
        guard end - self.place == length else { return nil }
        let packed = ByteBuffer(bytes: self.bytes[self.place..<end])
        self.place = end
        return (try? SocketAddress(packedIPAddress: packed, port: 0))?.ipAddress.map { .address($0) }
    }

    /// A character string (RFC 1035 §3.3).
    private mutating func text() -> String? {
        guard let length = self.byte(), self.place + Int(length) <= self.bytes.count else { return nil }
        defer { self.place += Int(length) }
        return String(decoding: self.bytes[self.place..<self.place + Int(length)], as: UTF8.self)
    }

    private mutating func skipName() -> Bool {
        while let length = self.byte() {
            switch length {
            case 0: return true
            case 1...63: self.place += Int(length)
            case 0xC0...0xFF:
                self.place += 1
                return self.place <= self.bytes.count
            default: return false
            }
        }
        return false
    }

    /// A domain name, in lower case, with a dot between its labels; `.` for the root.
    ///
    /// - Returns: nil where it is malformed or holds what no host or service is named by.
    private mutating func name() -> String? {
        var text: [UInt8] = []
        var place = self.place
        var isFollowing = false
        while place < self.bytes.count {
            let length = Int(self.bytes[place])
            switch length {
            case 0:
                if !isFollowing { self.place = place + 1 }
                return text.isEmpty ? "." : String(decoding: text, as: UTF8.self)
            case 1...63:
                let end = place + 1 + length
                guard end <= self.bytes.count, text.count + length + 1 <= 255 else { return nil }
                if !text.isEmpty { text.append(UInt8(ascii: ".")) }
                for byte in self.bytes[place + 1..<end] {
                    guard Self.isOfName(byte) else { return nil }
                    text.append(byte.asciiLowercased)
                }
                place = end
            case 0xC0...0xFF:
                guard place + 1 < self.bytes.count else { return nil }
                let target = (length & 0x3F) << 8 | Int(self.bytes[place + 1])
                if !isFollowing { self.place = place + 2 }
                // Backwards only: it comes to an end.
                guard target < place else { return nil }
                isFollowing = true
                place = target
            default:
                return nil
            }
        }
        return nil
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension DNSQuestion.Kind {
    /// Its number (RFC 1035 §3.2.2, RFC 3596, RFC 2782, RFC 3403).
    var code: UInt16 {
        switch self {
        case .ipv4: 1
        case .ipv6: 28
        case .srv: 33
        case .naptr: 35
        }
    }
}
