/// The header fields of a message: those that the core acts on as values, all others as text.
///
/// Messages are handed on many times between a socket and a call. The fields live in an array of one, which copies as one
/// reference and is written in place while nobody else holds it. A message keeps its start line and its body there, too, so
/// that it is one reference and one allocation; what is compared here are the fields alone.
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
        var via: ShortList<Via>
        var from: NameAddress
        var to: NameAddress
        var callID: String
        var cSeq: CSeq
        var maxForwards: UInt8?
        var route: [NameAddress]
        var recordRoute: [NameAddress]
        var contact: ShortList<Contact>
        var contentType: String?
        var fields: [Field]
    }

    /// What a message has beside its header fields; of the two kinds of start line one is used.
    struct Message: Sendable {
        /// Whether there is a message, and not header fields alone.
        fileprivate var isThere = false
        var method = SIPMethod.ack
        var uri = SIPURI(host: "")
        var status: UInt16 = 0
        var reason = ""
        var body: [UInt8] = []
    }

    private struct Whole: Sendable {
        var values: Values
        var message = Message()
    }

    /// Never empty.
    private var storage: ContiguousArray<Whole>

    package init(
        via: ShortList<Via> = [],
        from: NameAddress,
        to: NameAddress,
        callID: String,
        cSeq: CSeq,
        maxForwards: UInt8? = nil,
        route: [NameAddress] = [],
        recordRoute: [NameAddress] = [],
        contact: ShortList<Contact> = [],
        contentType: String? = nil,
        fields: [Field] = []
    ) {
        let values = Values(
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
        self.storage = [Whole(values: values)]
    }

    package static func == (left: SIPHeaders, right: SIPHeaders) -> Bool {
        left.storage[0].values == right.storage[0].values
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.storage[0].values)
    }

    /// The rest of the message that these fields are of.
    var message: Message {
        _read { yield self.storage[0].message }
    }

    var isOfMessage: Bool { self.storage[0].message.isThere }

    /// Makes these the fields of a message, or changes what else that has.
    mutating func edit(_ change: (inout Message) -> Void) {
        self.storage[0].message.isThere = true
        change(&self.storage[0].message)
    }

    package var via: ShortList<Via> {
        get { self.storage[0].values.via }
        _modify { yield &self.storage[0].values.via }
    }

    package var from: NameAddress {
        get { self.storage[0].values.from }
        _modify { yield &self.storage[0].values.from }
    }

    package var to: NameAddress {
        get { self.storage[0].values.to }
        _modify { yield &self.storage[0].values.to }
    }

    package var callID: String {
        get { self.storage[0].values.callID }
        _modify { yield &self.storage[0].values.callID }
    }

    package var cSeq: CSeq {
        get { self.storage[0].values.cSeq }
        _modify { yield &self.storage[0].values.cSeq }
    }

    package var maxForwards: UInt8? {
        get { self.storage[0].values.maxForwards }
        _modify { yield &self.storage[0].values.maxForwards }
    }

    package var route: [NameAddress] {
        get { self.storage[0].values.route }
        _modify { yield &self.storage[0].values.route }
    }

    package var recordRoute: [NameAddress] {
        get { self.storage[0].values.recordRoute }
        _modify { yield &self.storage[0].values.recordRoute }
    }

    package var contact: ShortList<Contact> {
        get { self.storage[0].values.contact }
        _modify { yield &self.storage[0].values.contact }
    }

    package var contentType: String? {
        get { self.storage[0].values.contentType }
        _modify { yield &self.storage[0].values.contentType }
    }

    /// The fields that have no property of their own, in their order; Content-Length is the writer's.
    package var fields: [Field] {
        get { self.storage[0].values.fields }
        _modify { yield &self.storage[0].values.fields }
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
