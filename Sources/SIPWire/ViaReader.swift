import SIPCore

/// Reads Via values by the grammar of RFC 3261 §25.1.
struct ViaReader {
    private let bytes: [UInt8]
    private var index = 0

    /// Every value of a Via field; nil where one is malformed or not of SIP/2.0.
    static func list(_ text: String) -> [Via]? {
        var reader = ViaReader(text)
        var list: [Via] = []
        repeat {
            guard let via = reader.value(), list.count < 128 else { return nil }
            list.append(via)
        } while reader.skip(UInt8(ascii: ","))
        return reader.isAtEnd ? list : nil
    }

    /// Whatever of a malformed Via a response can be sent by: the first value's transport and sent-by, and its
    /// parameters up to the first that is malformed.
    static func salvaged(_ text: String) -> Via? {
        var reader = ViaReader(text)
        guard let head = reader.sentBy(anyVersion: true) else { return nil }
        var parameters = SIPParameters()
        _ = reader.read(&parameters)
        return Via(transport: head.transport, host: head.host, port: head.port, parameters: parameters)
    }

    private init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    private var isAtEnd: Bool { self.index == self.bytes.count }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard self.index < self.bytes.count, self.bytes[self.index] == byte else { return false }
        self.index += 1
        return true
    }

    private mutating func skipSpace() {
        while self.index < self.bytes.count, self.bytes[self.index].isSpaceOrTab { self.index += 1 }
    }

    private mutating func take(while isTaken: (UInt8) -> Bool) -> String {
        let start = self.index
        while self.index < self.bytes.count, isTaken(self.bytes[self.index]) { self.index += 1 }
        return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
    }

    private mutating func value() -> Via? {
        guard let head = self.sentBy(anyVersion: false) else { return nil }
        var parameters = SIPParameters()
        guard self.read(&parameters) else { return nil }
        return Via(transport: head.transport, host: head.host, port: head.port, parameters: parameters)
    }

    private mutating func sentBy(anyVersion: Bool) -> (transport: String, host: String, port: UInt16?)? {
        self.skipSpace()
        let name = self.take { $0.isToken }
        guard self.skipSlash() else { return nil }
        let version = self.take { $0.isToken }
        guard name.equalsIgnoringCase("SIP"), anyVersion || version == "2.0", self.skipSlash() else { return nil }
        let transport = self.take { $0.isToken }
        guard !transport.isEmpty, self.index < self.bytes.count, self.bytes[self.index].isSpaceOrTab else {
            return nil
        }
        self.skipSpace()
        let host: String
        if self.skip(UInt8(ascii: "[")) {
            host = self.take { $0 != UInt8(ascii: "]") }
            guard host.isIPv6Literal, self.skip(UInt8(ascii: "]")) else { return nil }
        } else {
            host = self.take { $0.isHostName }
            guard host.isWireHost else { return nil }
        }
        self.skipSpace()
        guard self.skip(UInt8(ascii: ":")) else { return (transport, host, nil) }
        self.skipSpace()
        guard let port = UInt16(wire: self.take { $0.isDigit }) else { return nil }
        self.skipSpace()
        return (transport, host, port)
    }

    private mutating func skipSlash() -> Bool {
        self.skipSpace()
        guard self.skip(UInt8(ascii: "/")) else { return false }
        self.skipSpace()
        return true
    }

    /// Reads parameters up to a comma or the end; false where one is malformed, with those before it in `parameters`.
    private mutating func read(_ parameters: inout SIPParameters) -> Bool {
        while true {
            self.skipSpace()
            guard self.skip(UInt8(ascii: ";")) else { break }
            self.skipSpace()
            let name = self.take { $0.isToken }
            guard !name.isEmpty, parameters.list.count < 64 else { return false }
            self.skipSpace()
            var value: String?
            if self.skip(UInt8(ascii: "=")) {
                self.skipSpace()
                guard let read = self.parameterValue() else { return false }
                value = read
            }
            parameters.append(SIPParameters.Parameter(name, value))
        }
        return self.isAtEnd || self.bytes[self.index] == UInt8(ascii: ",")
    }

    private mutating func parameterValue() -> String? {
        guard self.index < self.bytes.count, self.bytes[self.index] == UInt8(ascii: "\"") else {
            return self.take { $0.isVisibleASCII && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
        }
        let start = self.index
        var isEscaped = false
        self.index += 1
        while self.index < self.bytes.count {
            let byte = self.bytes[self.index]
            self.index += 1
            if !isEscaped, byte == UInt8(ascii: "\"") {
                return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
            }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return nil
    }
}
