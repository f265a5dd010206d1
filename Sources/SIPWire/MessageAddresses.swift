import SIPCore

/// What either reader makes of the request line and the Via and address fields.
struct MessageAddresses: Equatable {
    /// nil in a response.
    var uri: SIPURI?
    var via: ShortList<Via>
    var from: NameAddress
    var to: NameAddress
    var contact: ShortList<Contact> = []
    var route: [NameAddress] = []
    var recordRoute: [NameAddress] = []
}

extension Via {
    /// A Via whose parameters have not been told apart; nil where `rport` is no port.
    init?(transport: String, host: String, port: UInt16?, parameters: SIPParameters) {
        var read = ViaParameters()
        parameters.visit { read.take($0) }
        self.init(transport: transport, host: host, port: port, read)
    }

    /// Nil where `rport` is no port.
    init?(transport: String, host: String, port: UInt16?, _ parameters: ViaParameters) {
        guard parameters.isSound else { return nil }
        self.init(
            transport: SIPTransportKind(transport),
            host: host,
            port: port,
            branch: parameters.branch ?? "",
            received: parameters.received,
            rport: parameters.rport,
            parameters: parameters.others
        )
    }
}

/// The parameters of a Via as they are told apart, one after the other.
struct ViaParameters {
    private(set) var branch: String?
    private(set) var received: String?
    private(set) var rport = Via.ResponsePort.absent
    private(set) var others = SIPParameters()
    /// Whether `rport` is a port, or has no value.
    private(set) var isSound = true

    /// Takes the next; of several of one name the first counts.
    mutating func take(_ parameter: SIPParameters.Parameter) {
        if self.branch == nil, parameter.name.equalsIgnoringCase("branch") {
            self.branch = parameter.value ?? ""
        } else if self.received == nil, parameter.name.equalsIgnoringCase("received"), let value = parameter.value {
            self.received = value.withoutBrackets
        } else if self.rport == .absent, parameter.name.equalsIgnoringCase("rport") {
            if let value = parameter.value, !value.isEmpty {
                if let port = UInt16(wire: value) { self.rport = .value(port) } else { self.isSound = false }
            } else {
                self.rport = .requested
            }
        } else {
            self.others.append(parameter)
        }
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
