import SIPCore

/// What rtpengine says of a digit that came, one JSON object in a datagram (`--dtmf-log-dest`).
struct DigitNotice: Hashable, Sendable {
    /// The most bytes that are read; such an object has some 200.
    static let lengthLimit = 4_096

    /// The name of the call there.
    var call: String
    /// The side that it came from.
    var tag: String
    var digit: Digit

    /// Nil where the object is malformed, is no digit's, or lacks something.
    init?(_ datagram: [UInt8]) {
        guard datagram.count <= Self.lengthLimit, let fields = Fields(datagram), fields.texts["type"] == "DTMF",
            let call = fields.texts["callid"], let tag = fields.texts["source_tag"],
            let code = fields.numbers["event"].flatMap({ UInt8(exactly: $0) }),
            let milliseconds = fields.numbers["duration"],
            let digit = Digit(code: code, duration: .milliseconds(min(milliseconds, 60_000)))
        else { return nil }
        self.call = call
        self.tag = tag
        self.digit = digit
    }
}

extension DigitNotice {
    /// An object whose values are strings, whole numbers and lists of strings.
    ///
    /// Strings have no escapes: rtpengine writes none, and what is of use to us holds nothing that needs one.
    private struct Fields {
        private(set) var texts: [String: String] = [:]
        private(set) var numbers: [String: UInt64] = [:]
        private let bytes: [UInt8]
        private var index = 0

        init?(_ bytes: [UInt8]) {
            self.bytes = bytes
            guard self.skip("{"), self.skip("}") || self.members(), self.index == bytes.count else { return nil }
        }

        private mutating func members() -> Bool {
            repeat {
                guard let key = self.string(), self.skip(":"), self.value(of: key) else { return false }
            } while self.skip(",")
            return self.skip("}")
        }

        private mutating func value(of key: String) -> Bool {
            if let text = self.string() {
                self.texts[key] = text
                return true
            }
            if let number = self.number() {
                self.numbers[key] = number
                return true
            }
            return self.skip("[") && (self.skip("]") || self.strings())
        }

        private mutating func strings() -> Bool {
            repeat {
                guard self.string() != nil else { return false }
            } while self.skip(",")
            return self.skip("]")
        }

        private mutating func string() -> String? {
            guard self.skip("\"") else { return nil }
            let start = self.index
            while self.index < self.bytes.count, self.bytes[self.index] != UInt8(ascii: "\"") {
                guard self.bytes[self.index] != UInt8(ascii: "\\") else { return nil }
                self.index += 1
            }
            let text = String(decoding: self.bytes[start..<self.index], as: UTF8.self)
            return self.skip("\"") ? text : nil
        }

        private mutating func number() -> UInt64? {
            let start = self.index
            while self.index < self.bytes.count, (0x30...0x39).contains(self.bytes[self.index]) { self.index += 1 }
            return UInt64(String(decoding: self.bytes[start..<self.index], as: UTF8.self))
        }

        /// Passes over that byte, and blanks before it.
        private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
            var next = self.index
            while next < self.bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(self.bytes[next]) { next += 1 }
            guard next < self.bytes.count, self.bytes[next] == UInt8(ascii: byte) else { return false }
            self.index = next + 1
            return true
        }
    }
}
