extension SIPURI {
    /// Appends the URI as it goes out, in brackets an IPv6 address only.
    func write(into output: inout [UInt8]) {
        switch self.scheme {
        case .sip:
            output.append(literal: "sip:")
        case .sips:
            output.append(literal: "sips:")
        case .tel:
            output.append(literal: "tel:")
            self.writeUser(into: &output)
            self.parameters.writeInURI(into: &output)
            return
        case .other(let name):
            output.append(name, keeping: .readScheme)
            output.append(UInt8(ascii: ":"))
            output.append(self.host, keeping: .uri)
            return
        }
        if self.user != nil {
            self.writeUser(into: &output)
            if let password = self.password {
                output.append(UInt8(ascii: ":"))
                output.append(password, keeping: .user)
            }
            output.append(UInt8(ascii: "@"))
        }
        output.append(host: self.host)
        output.append(port: self.port)
        self.parameters.writeInURI(into: &output)
        if let headers = self.headers {
            output.append(UInt8(ascii: "?"))
            output.append(headers, keeping: .uri)
        }
    }

    private func writeUser(into output: inout [UInt8]) {
        guard let user = self.user else { return }
        guard user.countBytes(where: { $0.endsUser }) > 0 else {
            output.append(user, keeping: .user)
            return
        }
        for byte in user.utf8 {
            if byte == UInt8(ascii: "@") {
                output.append(literal: "%40")
            } else if byte == UInt8(ascii: ":") {
                output.append(literal: "%3A")
            } else if ByteSet.user.contains(byte) {
                output.append(byte)
            }
        }
    }

    /// An upper bound of what `write` appends.
    var writtenSizeBound: Int {
        var size: Int
        switch self.scheme {
        case .sip, .tel: size = 4
        case .sips: size = 5
        case .other(let name): return name.utf8.count + 1 + self.host.utf8.count
        }
        if let user = self.user {
            size += 1 + user.utf8.count + 2 * user.countBytes { $0.endsUser }
        }
        size += self.parameters.writtenSizeBound
        if self.scheme == .tel { return size - 1 }
        if let password = self.password { size += 1 + password.utf8.count }
        size += self.host.writtenHostSizeBound
        if let port = self.port { size += 1 + UInt64(port).decimalCount }
        if let headers = self.headers { size += 1 + headers.utf8.count }
        return size
    }

    /// The URI as it goes out.
    package var text: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.writtenSizeBound)
        self.write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Any text as a user part: what RFC 3261 §25.1 does not take there becomes an escape, NUL is dropped.
    package static func escapedUser(_ text: String) -> String {
        let plain = ByteSet("-_.!~*'()&=+$,;?/", alphanumeric: true)
        guard !text.utf8.allSatisfy({ plain.contains($0) }) else { return text }
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 where byte != 0 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The user part with its escapes undone, to show it or to look it up; nil where there is none.
    ///
    /// An escape that is malformed, stands for a control character, or makes no UTF-8 stays as it is.
    package var unescapedUser: String? {
        guard let user = self.user else { return nil }
        guard user.utf8.contains(UInt8(ascii: "%")) else { return user }
        var bytes: [UInt8] = []
        var rest = user.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let escaped = rest.escapedByte, escaped >= 0x20, escaped != 0x7F {
                bytes.append(escaped)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? user
    }
}

extension UInt8 {
    /// Whether a user part that holds it would end there.
    fileprivate var endsUser: Bool { self == UInt8(ascii: "@") || self == UInt8(ascii: ":") }
}

extension Collection where Element == UInt8 {
    /// The byte that the first two hexadecimal digits stand for; to be asked behind a `%`.
    var escapedByte: UInt8? {
        var digits = self.makeIterator()
        guard let high = digits.next()?.hexadecimalValue, let low = digits.next()?.hexadecimalValue else { return nil }
        return high << 4 | low
    }
}
