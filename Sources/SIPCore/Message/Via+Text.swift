extension Via {
    /// Appends the value as it goes out, `received` without brackets (RFC 3261 §25.1, RFC 3581 §3).
    func write(into output: inout [UInt8]) {
        output.append(literal: "SIP/2.0/")
        output.append(self.transport.viaName, keeping: .token)
        output.append(UInt8(ascii: " "))
        output.append(host: self.host)
        output.append(port: self.port)
        if !self.branch.isEmpty {
            output.append(literal: ";branch=")
            output.append(self.branch, keeping: .parameterValue)
        }
        if let received = self.received {
            output.append(literal: ";received=")
            output.append(host: received, brackets: false)
        }
        switch self.rport {
        case .absent:
            break
        case .requested:
            output.append(literal: ";rport")
        case .value(let port):
            output.append(literal: ";rport=")
            output.append(decimal: UInt64(port))
        }
        self.parameters.write(into: &output)
    }

    /// An upper bound of what `write` appends.
    var writtenSizeBound: Int {
        var size = 9 + self.transport.viaName.utf8.count + self.host.writtenHostSizeBound
        if let port = self.port { size += 1 + UInt64(port).decimalCount }
        if !self.branch.isEmpty { size += 8 + self.branch.utf8.count }
        if let received = self.received { size += 10 + received.utf8.count }
        switch self.rport {
        case .absent: break
        case .requested: size += 6
        case .value(let port): size += 7 + UInt64(port).decimalCount
        }
        return size + self.parameters.writtenSizeBound
    }

    /// The value as it goes out.
    package var text: String {
        var bytes: [UInt8] = []
        self.write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// Its bytes as a host, with brackets where it is an IPv6 address.
    var writtenHostSizeBound: Int {
        self.utf8.count + (self.holds(UInt8(ascii: ":")) ? 2 : 0)
    }
}
