import COSIP
import SIPCore

/// Reads the request line and the Via and address fields by libosip2, and copies what it finds into values.
///
/// libosip2 allocates from a block of ours that is used anew for each message, so a parse costs no malloc and nothing
/// must be freed. No pointer outlives `read`. One reader serves one thread at a time.
///
/// All calls into libosip2 stand in this file; see shim.h for the reason.
@safe
struct OSIPReader: ~Copyable {
    /// Bytes of the block.
    ///
    /// A head at every limit at once needs less than half; where it were not enough, libosip2 would
    /// report it, and `PlainReader` would read the message.
    static let blockSize = 262_144

    /// How much of the block the last message took.
    private(set) var lastUse = 0

    private let block: UnsafeMutableRawPointer

    /// Traces off, tables built, allocators set; once in the life of the process.
    private static let isStarted = switchhook_osip_start() == 0

    init() {
        unsafe self.block = UnsafeMutableRawPointer.allocate(byteCount: Self.blockSize, alignment: 16)
    }

    deinit {
        unsafe self.block.deallocate()
    }

    /// Reads what `AddressGuard` made; nil where libosip2 refuses it, drops a part, or takes what is no host,
    /// port or name.
    mutating func read(_ input: borrowing AddressGuard, isRequest: Bool) -> MessageAddresses? {
        guard Self.isStarted else { return nil }
        unsafe switchhook_osip_arena_open(self.block, Self.blockSize)
        defer { self.lastUse = switchhook_osip_arena_close() }
        var created: UnsafeMutablePointer<osip_message_t>?
        guard unsafe osip_message_init(&created) == 0, let message = unsafe created else { return nil }
        let result = unsafe input.head.withUnsafeBytes { bytes in
            unsafe osip_message_parse(message, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard result == 0 else { return nil }
        var translator = OSIPTranslator(restoresPercent: input.hasPercent)
        guard let addresses = unsafe translator.addresses(message, isRequest: isRequest),
            addresses.via.count == input.vias, addresses.contact.count == input.contacts,
            addresses.route.count == input.routes, addresses.recordRoute.count == input.recordRoutes,
            translator.parametersRead == input.parameters
        else { return nil }
        return addresses
    }
}

/// Copies libosip2's structures into values; nil wherever they do not make one.
private struct OSIPTranslator {
    let restoresPercent: Bool
    private(set) var parametersRead = 0

    init(restoresPercent: Bool) {
        self.restoresPercent = restoresPercent
    }

    mutating func addresses(_ message: UnsafeMutablePointer<osip_message_t>, isRequest: Bool) -> MessageAddresses? {
        var uri: SIPURI?
        if isRequest {
            guard let read = unsafe self.uri(message.pointee.req_uri) else { return nil }
            uri = read
        }
        guard let via = unsafe self.vias(&message.pointee.vias),
            let from = unsafe self.address(message.pointee.from),
            let to = unsafe self.address(message.pointee.to),
            let contact = unsafe self.contacts(&message.pointee.contacts),
            let route = unsafe self.addresses(&message.pointee.routes),
            let recordRoute = unsafe self.addresses(&message.pointee.record_routes)
        else { return nil }
        return MessageAddresses(
            uri: uri,
            via: via,
            from: from,
            to: to,
            contact: contact,
            route: route,
            recordRoute: recordRoute
        )
    }

    private mutating func vias(_ list: UnsafeMutablePointer<osip_list_t>) -> ShortList<Via>? {
        var vias: ShortList<Via> = []
        var iterator = unsafe osip_list_iterator_t()
        var next = unsafe osip_list_get_first(list, &iterator)
        while let element = unsafe next {
            guard let via = unsafe self.via(element.assumingMemoryBound(to: osip_via_t.self)) else { return nil }
            vias.append(via)
            unsafe next = osip_list_get_next(&iterator)
        }
        return vias
    }

    private mutating func via(_ via: UnsafeMutablePointer<osip_via_t>) -> Via? {
        guard unsafe self.text(via.pointee.version) == "2.0",
            let transport = unsafe self.text(via.pointee.`protocol`), transport.utf8.allSatisfy({ $0.isToken }),
            let host = unsafe self.text(via.pointee.host), host.isWireHost
        else { return nil }
        var parameters = ViaParameters()
        guard unsafe self.read(&via.pointee.via_params, isOfURI: false, { parameters.take($0) }) else { return nil }
        var port: UInt16?
        if let text = unsafe self.text(via.pointee.port) {
            guard let number = UInt16(wire: text) else { return nil }
            port = number
        }
        return Via(transport: transport, host: host, port: port, parameters)
    }

    private mutating func contacts(_ list: UnsafeMutablePointer<osip_list_t>) -> ShortList<Contact>? {
        var contacts: ShortList<Contact> = []
        var iterator = unsafe osip_list_iterator_t()
        var next = unsafe osip_list_get_first(list, &iterator)
        while let element = unsafe next {
            guard let address = unsafe self.address(element.assumingMemoryBound(to: osip_from_t.self)) else {
                return nil
            }
            contacts.append(.address(address))
            unsafe next = osip_list_get_next(&iterator)
        }
        return contacts
    }

    private mutating func addresses(_ list: UnsafeMutablePointer<osip_list_t>) -> [NameAddress]? {
        var addresses: [NameAddress] = []
        unsafe addresses.reserveCapacity(Int(list.pointee.nb_elt))
        var iterator = unsafe osip_list_iterator_t()
        var next = unsafe osip_list_get_first(list, &iterator)
        while let element = unsafe next {
            guard let address = unsafe self.address(element.assumingMemoryBound(to: osip_from_t.self)) else {
                return nil
            }
            addresses.append(address)
            unsafe next = osip_list_get_next(&iterator)
        }
        return addresses
    }

    private mutating func address(_ address: UnsafeMutablePointer<osip_from_t>?) -> NameAddress? {
        guard let address = unsafe address, let uri = unsafe self.uri(address.pointee.url),
            let parameters = unsafe self.parameters(&address.pointee.gen_params)
        else { return nil }
        let name = unsafe self.text(address.pointee.displayname)?.unquotedName
        return NameAddress(displayName: name == "" ? nil : name, uri: uri, parameters: parameters)
    }

    private mutating func uri(_ uri: UnsafeMutablePointer<osip_uri_t>?) -> SIPURI? {
        guard let uri = unsafe uri, let scheme = unsafe self.text(uri.pointee.scheme) else { return nil }
        let kind: SIPURI.Scheme
        if scheme.equalsIgnoringCase("sip") {
            kind = .sip
        } else if scheme.equalsIgnoringCase("sips") {
            kind = .sips
        } else {
            // The rest of a URI of another scheme is opaque to libosip2.
            return nil
        }
        guard let host = unsafe self.text(uri.pointee.host), host.isWireHost,
            let parameters = unsafe self.parameters(&uri.pointee.url_params, isOfURI: true)
        else { return nil }
        let user = unsafe self.text(uri.pointee.username)
        let password = unsafe self.text(uri.pointee.password)
        guard user?.isUserPart != false, password?.isUserPart != false else { return nil }
        var port: UInt16?
        if let text = unsafe self.text(uri.pointee.port) {
            guard let number = UInt16(wire: text) else { return nil }
            port = number
        }
        return SIPURI(scheme: kind, user: user, password: password, host: host, port: port, parameters: parameters)
    }

    private mutating func parameters(
        _ list: UnsafeMutablePointer<osip_list_t>,
        isOfURI: Bool = false
    ) -> SIPParameters? {
        var parameters = SIPParameters()
        guard unsafe self.read(list, isOfURI: isOfURI, { parameters.append($0) }) else { return nil }
        return parameters
    }

    /// Gives each parameter to `take`; false where one makes none.
    private mutating func read(
        _ list: UnsafeMutablePointer<osip_list_t>,
        isOfURI: Bool,
        _ take: (SIPParameters.Parameter) -> Void
    ) -> Bool {
        var iterator = unsafe osip_list_iterator_t()
        var next = unsafe osip_list_get_first(list, &iterator)
        while let element = unsafe next {
            let parameter = unsafe element.assumingMemoryBound(to: osip_uri_param_t.self)
            guard let name = unsafe self.text(parameter.pointee.gname), !name.isEmpty,
                name.utf8.allSatisfy({ $0.isToken || (isOfURI && $0.isURIParameterMark) })
            else { return false }
            let value = unsafe self.text(parameter.pointee.gvalue)
            guard value?.isParameterValue != false else { return false }
            take(SIPParameters.Parameter(name, value))
            self.parametersRead += 1
            unsafe next = osip_list_get_next(&iterator)
        }
        return true
    }

    /// A copy of a C string, `%` back in its place; the string is ours to change.
    private func text(_ string: UnsafeMutablePointer<CChar>?) -> String? {
        guard let string = unsafe string else { return nil }
        let length = unsafe strlen(string)
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: string, count: length)
        if self.restoresPercent {
            for index in 0..<length where unsafe bytes[index] == AddressGuard.percentStandIn {
                unsafe bytes[index] = UInt8(ascii: "%")
            }
        }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// A display name as libosip2 leaves it: without its quotes, escapes undone, or the tokens without spaces around.
    fileprivate var unquotedName: String {
        let bytes = self.utf8
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") else { return self }
        let inner = bytes.dropFirst().dropLast()
        guard inner.contains(UInt8(ascii: "\\")) else { return String(Substring(inner)) }
        var name: [UInt8] = []
        name.reserveCapacity(inner.count)
        var isEscaped = false
        for byte in inner {
            if !isEscaped, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                isEscaped = false
                name.append(byte)
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// libosip2 takes anything between `:` and `@`.
    fileprivate var isUserPart: Bool {
        !self.isEmpty
            && self.utf8.allSatisfy {
                $0.isVisibleASCII && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "\"")
                    && $0 != UInt8(ascii: "\\")
            }
    }

    /// One word, or one quoted string.
    fileprivate var isParameterValue: Bool {
        if self.utf8.first == UInt8(ascii: "\"") { return self.utf8.count > 1 && self.utf8.last == UInt8(ascii: "\"") }
        return !self.isEmpty && self.utf8.allSatisfy { $0.isVisibleASCII && $0 != UInt8(ascii: "\"") }
    }
}

extension UInt8 {
    /// Characters of a URI parameter's name that no header parameter has.
    fileprivate var isURIParameterMark: Bool {
        switch self {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "&"),
            UInt8(ascii: "$"), UInt8(ascii: "("), UInt8(ascii: ")"):
            true
        default:
            false
        }
    }
}
