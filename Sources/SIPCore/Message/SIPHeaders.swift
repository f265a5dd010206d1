/// The header fields of a message: those that the core acts on as values, all others as text.
package struct SIPHeaders: Hashable, Sendable {
    /// A header field that the core does not take apart.
    package struct Field: Hashable, Sendable {
        /// The long form of the name, as we spell it where we know it.
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var via: [Via]
    package var from: NameAddress
    package var to: NameAddress
    package var callID: String
    package var cSeq: CSeq
    package var maxForwards: UInt8?
    package var route: [NameAddress]
    package var recordRoute: [NameAddress]
    package var contact: [Contact]
    package var contentType: String?
    /// The fields that have no property of their own, in their order; Content-Length is the writer's.
    package var fields: [Field]

    package init(
        via: [Via] = [],
        from: NameAddress,
        to: NameAddress,
        callID: String,
        cSeq: CSeq,
        maxForwards: UInt8? = nil,
        route: [NameAddress] = [],
        recordRoute: [NameAddress] = [],
        contact: [Contact] = [],
        contentType: String? = nil,
        fields: [Field] = []
    ) {
        self.via = via
        self.from = from
        self.to = to
        self.callID = callID
        self.cSeq = cSeq
        self.maxForwards = maxForwards
        self.route = route
        self.recordRoute = recordRoute
        self.contact = contact
        self.contentType = contentType
        self.fields = fields
    }

    /// The value of the first field of that long name among `fields`, without regard to case.
    package subscript(name: String) -> String? {
        self.fields.first { $0.name.equalsIgnoringCase(name) }?.value
    }

    /// Every value of that long name among `fields`, in order.
    package func all(_ name: String) -> [String] {
        self.fields.lazy.filter { $0.name.equalsIgnoringCase(name) }.map { $0.value }
    }
}

/// The CSeq of a message (RFC 3261 §20.16).
package struct CSeq: Hashable, Sendable {
    /// Below 2^31 (RFC 3261 §8.1.1.5).
    package var number: UInt32
    package var method: SIPMethod

    package init(_ number: UInt32, _ method: SIPMethod) {
        self.number = number
        self.method = method
    }
}

/// One value of Contact.
package enum Contact: Hashable, Sendable {
    /// `Contact: *`, for a REGISTER that removes every binding (RFC 3261 §10.2.2).
    case all
    case address(NameAddress)

    package var address: NameAddress? {
        switch self {
        case .all: nil
        case .address(let address): address
        }
    }
}
