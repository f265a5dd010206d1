import SIPCore

/// What either reader makes of the request line and the Via and address fields.
struct MessageAddresses: Equatable {
    /// nil in a response.
    var uri: SIPURI?
    var via: [Via]
    var from: NameAddress
    var to: NameAddress
    var contact: [Contact] = []
    var route: [NameAddress] = []
    var recordRoute: [NameAddress] = []
}

extension Via {
    /// A Via whose parameters have not been told apart; nil where `rport` is no port.
    init?(transport: String, host: String, port: UInt16?, parameters: SIPParameters) {
        var others = parameters
        var branch: String?
        var received: String?
        var rport = ResponsePort.absent
        var isSound = true
        others.list.removeAll { parameter in
            if branch == nil, parameter.name.equalsIgnoringCase("branch") {
                branch = parameter.value ?? ""
                return true
            }
            if received == nil, parameter.name.equalsIgnoringCase("received"), let value = parameter.value {
                received = value.withoutBrackets
                return true
            }
            if rport == .absent, parameter.name.equalsIgnoringCase("rport") {
                if let value = parameter.value, !value.isEmpty {
                    if let port = UInt16(wire: value) { rport = .value(port) } else { isSound = false }
                } else {
                    rport = .requested
                }
                return true
            }
            return false
        }
        guard isSound else { return nil }
        self.init(
            transport: SIPTransportKind(transport),
            host: host,
            port: port,
            branch: branch ?? "",
            received: received,
            rport: rport,
            parameters: others
        )
    }
}

extension UInt16 {
    /// A port: decimal digits, 1 to 65535.
    init?(wire text: String) {
        var number: UInt32 = 0
        for byte in text.utf8 {
            guard byte.isDigit, number <= 65_535 else { return nil }
            number = number * 10 + UInt32(byte & 0x0F)
        }
        guard number > 0, let port = UInt16(exactly: number) else { return nil }
        self = port
    }
}

extension String {
    /// An IPv6 address without the brackets that some peers put around `received`.
    fileprivate var withoutBrackets: String {
        guard self.utf8.first == UInt8(ascii: "["), self.utf8.last == UInt8(ascii: "]") else { return self }
        return String(self.dropFirst().dropLast())
    }

    /// Whether it can be a host name or an IPv4 address.
    var isWireHost: Bool {
        (1...255).contains(self.utf8.count) && self.utf8.allSatisfy { $0.isHostName }
    }
}
