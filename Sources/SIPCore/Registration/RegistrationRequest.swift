/// What a REGISTER asks for, read and checked against limits; nothing here depends on the bindings that there are.
struct RegistrationRequest {
    /// Why it can't be granted.
    struct Objection: Error, Equatable {
        var status: UInt16
        var fields: [SIPHeaders.Field] = []
    }

    /// One Contact of it.
    struct Wish {
        /// Without `expires`.
        var contact: NameAddress
        var q: UInt16
        /// In seconds; zero: the binding goes.
        var expires: UInt32
        var outbound: Binding.Outbound?
    }

    enum Order {
        /// No Contact: the bindings are only asked for.
        case query
        /// `Contact: *`.
        case removeAll
        case change([Wish])
    }

    var order: Order
    var path: [NameAddress]
    /// The client understands Path in the response (RFC 3327 §5.3).
    var takesPath: Bool
    /// At least one Contact is bound to its flow.
    var isOutbound: Bool

    init(_ request: SIPRequest, limits: RegistrarLimits) throws(Objection) {
        let headers = request.headers
        guard headers.callID.utf8.count <= limits.bytes else { throw Objection(status: 400) }
        self.path = try Self.path(of: headers, limits)
        self.takesPath = headers.names("path", in: "Supported")
        self.isOutbound = false
        let common = headers["Expires"].map { Self.seconds($0) }
        guard !headers.contact.isEmpty else {
            self.order = .query
            return
        }
        if headers.contact.contains(.all) {
            // It stands alone, and removes (§10.2.2).
            guard headers.contact.count == 1, common == 0 else { throw Objection(status: 400) }
            self.order = .removeAll
            return
        }
        guard headers.contact.count <= limits.contacts else { throw Objection(status: 403) }
        let takesFlow = try Self.takesFlow(request, path: self.path)
        var wishes: [Wish] = []
        for case .address(let contact) in headers.contact {
            let wish = try Self.wish(contact, common: common, takesFlow: takesFlow, limits)
            if wish.outbound != nil { self.isOutbound = true }
            wishes.append(wish)
        }
        // A flow is that of one Contact (RFC 5626 §6).
        guard !self.isOutbound || wishes.count == 1 else { throw Objection(status: 400) }
        self.order = .change(wishes)
    }

    private static func wish(
        _ contact: NameAddress,
        common: UInt32?,
        takesFlow: Bool,
        _ limits: RegistrarLimits
    ) throws(Objection) -> Wish {
        guard contact.writtenSizeBound <= limits.bytes, contact.uri.target != nil else {
            throw Objection(status: 400)
        }
        var contact = contact
        let asked = contact.parameters.contains("expires") ? self.seconds(contact.parameters["expires"] ?? "") : common
        var expires = asked ?? limits.defaultExpires
        // Shorter than an hour and than the least: no one shall be surprised by more than was asked for (§10.3).
        if expires > 0, expires < limits.minimumExpires {
            let field = SIPHeaders.Field("Min-Expires", String(limits.minimumExpires))
            throw Objection(status: 423, fields: [field])
        }
        expires = min(expires, limits.maximumExpires)
        var outbound: Binding.Outbound?
        if takesFlow, let instance = contact.parameters["+sip.instance"], !instance.isEmpty,
            let registration = contact.parameters["reg-id"].flatMap({ UInt32($0) }), registration > 0
        {
            outbound = Binding.Outbound(instance: instance, registration: registration)
        }
        let q = contact.parameters["q"].flatMap { self.thousandths($0) } ?? 1_000
        contact.parameters.set("expires", to: nil)
        return Wish(contact: contact, q: q, expires: expires, outbound: outbound)
    }

    /// Whether the flow of the REGISTER leads to the phone: it came straight from there, or through a proxy that keeps
    /// the flow itself (RFC 5626 §6).
    private static func takesFlow(_ request: SIPRequest, path: [NameAddress]) throws(Objection) -> Bool {
        guard request.headers.via.count > 1 || !path.isEmpty else { return true }
        if let first = path.last, first.uri.parameters.contains("ob") { return true }
        let asksForFlow = request.headers.contact.contains { $0.address?.parameters.contains("reg-id") ?? false }
        guard asksForFlow, request.headers.names("outbound", in: "Supported") else { return false }
        throw Objection(status: 439)
    }

    private static func path(of headers: SIPHeaders, _ limits: RegistrarLimits) throws(Objection) -> [NameAddress] {
        var path: [NameAddress] = []
        var bytes = 0
        for value in headers.all("Path") {
            bytes += value.utf8.count
            guard bytes <= limits.bytes, let list = NameAddress.list(value), path.count + list.count <= limits.path,
                list.allSatisfy({ $0.uri.target != nil })
            else { throw Objection(status: 400) }
            path += list
        }
        return path
    }

    /// A time in seconds; what is malformed counts as an hour (RFC 3261 §20.19), what is too large as the largest.
    static func seconds(_ text: String) -> UInt32 {
        let digits = text.utf8
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCIIDigit }) else { return 3_600 }
        return digits.reduce(0) { sum, digit in
            let (product, overflow) = sum.multipliedReportingOverflow(by: 10)
            let (next, carry) = product.addingReportingOverflow(UInt32(digit & 15))
            return overflow || carry ? .max : next
        }
    }

    /// A `qvalue` (§25.1): `0`, `0.5`, `1.000`; nil where it is none.
    static func thousandths(_ text: String) -> UInt16? {
        var scanner = TextScanner(text)
        guard let whole = scanner.takeDecimal(maximum: 1) else { return nil }
        var value = UInt16(whole) * 1_000
        if scanner.skip(UInt8(ascii: ".")) {
            let digits = scanner.take(while: .digits)
            guard digits.utf8.count <= 3 else { return nil }
            var unit: UInt16 = 100
            for digit in digits.utf8 {
                value += UInt16(digit & 15) * unit
                unit /= 10
            }
        }
        return scanner.isAtEnd && value <= 1_000 ? value : nil
    }
}

extension SIPHeaders {
    /// Whether a comma-separated list of tokens, as Supported is, holds that one.
    func names(_ token: String, in field: String) -> Bool {
        self.fields.contains { candidate in
            candidate.name.equalsIgnoringCase(field)
                && candidate.value.utf8.split(separator: UInt8(ascii: ",")).contains {
                    Substring($0).trimmedOfSpace.equalsIgnoringCase(token)
                }
        }
    }
}
