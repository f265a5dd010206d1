/// The header fields of a message: those that the core acts on as values, all others as text.
///
/// Messages are handed on many times between a socket and a call. The fields live in an array of one, which copies as one
/// reference and is written in place while nobody else holds it.
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

    private struct Values: Hashable, Sendable {
        var via: [Via]
        var from: NameAddress
        var to: NameAddress
        var callID: String
        var cSeq: CSeq
        var maxForwards: UInt8?
        var route: [NameAddress]
        var recordRoute: [NameAddress]
        var contact: [Contact]
        var contentType: String?
        var fields: [Field]
    }

    /// Never empty.
    private var storage: ContiguousArray<Values>

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
        self.storage = [
            Values(
                via: via,
                from: from,
                to: to,
                callID: callID,
                cSeq: cSeq,
                maxForwards: maxForwards,
                route: route,
                recordRoute: recordRoute,
                contact: contact,
                contentType: contentType,
                fields: fields
            )
        ]
    }

    package var via: [Via] {
        get { self.storage[0].via }
        _modify { yield &self.storage[0].via }
    }

    package var from: NameAddress {
        get { self.storage[0].from }
        _modify { yield &self.storage[0].from }
    }

    package var to: NameAddress {
        get { self.storage[0].to }
        _modify { yield &self.storage[0].to }
    }

    package var callID: String {
        get { self.storage[0].callID }
        _modify { yield &self.storage[0].callID }
    }

    package var cSeq: CSeq {
        get { self.storage[0].cSeq }
        _modify { yield &self.storage[0].cSeq }
    }

    package var maxForwards: UInt8? {
        get { self.storage[0].maxForwards }
        _modify { yield &self.storage[0].maxForwards }
    }

    package var route: [NameAddress] {
        get { self.storage[0].route }
        _modify { yield &self.storage[0].route }
    }

    package var recordRoute: [NameAddress] {
        get { self.storage[0].recordRoute }
        _modify { yield &self.storage[0].recordRoute }
    }

    package var contact: [Contact] {
        get { self.storage[0].contact }
        _modify { yield &self.storage[0].contact }
    }

    package var contentType: String? {
        get { self.storage[0].contentType }
        _modify { yield &self.storage[0].contentType }
    }

    /// The fields that have no property of their own, in their order; Content-Length is the writer's.
    package var fields: [Field] {
        get { self.storage[0].fields }
        _modify { yield &self.storage[0].fields }
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
