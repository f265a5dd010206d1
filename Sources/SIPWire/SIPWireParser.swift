package import SIPCore

/// Makes values of the core out of the bytes of one message.
///
/// libosip2 reads the addresses and Vias, behind a guard: our own scan splits the head, bounds and counts everything,
/// reads what is a number or a word, and leaves to libosip2 only what libosip2 reads right. Where libosip2 refuses, our
/// own reader of the grammar has the last word. The body is cut out by our own reading of Content-Length.
///
/// A parser keeps its storage from one message to the next, so that a parse allocates little but the values. Have one
/// for each event loop, and use it on one thread at a time.
package struct SIPWireParser: ~Copyable {
    private let limits: SIPWireLimits
    private var scanner = HeadScanner()
    private var addressGuard: AddressGuard
    private var reader = OSIPReader()

    /// Whether libosip2 is used at all; without it the parser must make the same of every message.
    package var usesLibosip2 = true
    /// How many messages were read without libosip2, because it refused them or is known to misread their like.
    package private(set) var plainReads = 0

    package init(limits: SIPWireLimits = SIPWireLimits()) {
        self.limits = limits
        self.addressGuard = AddressGuard(limits: limits)
    }

    /// Bytes that libosip2 took of its block for the last message that it read.
    package var lastBlockUse: Int { self.reader.lastUse }

    /// Reads a datagram, or one message that `SIPStreamFramer` cut out of a stream.
    ///
    /// Without Content-Length the body is what follows the head; with a smaller one, the rest is noise and ignored
    /// (RFC 3261 §18.3).
    package mutating func parse(_ bytes: Swift.Span<UInt8>) -> SIPWireResult {
        if Self.isKeepalive(bytes) { return .keepalive }
        self.scanner.scan(bytes, limits: self.limits)
        do throws(SIPWireFault) {
            return .message(try self.message(bytes))
        } catch {
            return .rejected(error, Refusal.response(to: bytes, self.scanner, error))
        }
    }

    /// As `parse(_: Swift.Span<UInt8>)`.
    package mutating func parse(_ bytes: [UInt8]) -> SIPWireResult {
        self.parse(bytes.span)
    }

    /// The response to a request whose framing failed (`SIPFramingError`), to be sent before the connection is closed;
    /// nil where nothing can be answered.
    package mutating func refusal(of head: [UInt8], for fault: SIPWireFault) -> SIPResponse? {
        self.scanner.scan(head.span, limits: self.limits)
        return Refusal.response(to: head.span, self.scanner, fault)
    }

    private static func isKeepalive(_ bytes: Swift.Span<UInt8>) -> Bool {
        for index in bytes.indices {
            switch bytes[index] {
            case .carriageReturn, .lineFeed, 0: continue
            default: return false
            }
        }
        return true
    }

    private mutating func message(_ bytes: Swift.Span<UInt8>) throws(SIPWireFault) -> SIPMessage {
        guard bytes.count <= self.limits.message else { throw .tooLarge }
        if let fault = self.scanner.fault { throw self.startLineFault(bytes) ?? fault }
        guard let bodyStart = self.scanner.bodyStart else { throw .truncatedHead }
        let startLine = try StartLine(self.scanner.startLine, of: bytes)
        let facts = try HeadFacts(self.scanner, of: bytes)
        let available = bytes.count - bodyStart
        let length = facts.contentLength ?? available
        guard length <= self.limits.body else { throw .tooLarge }
        guard length <= available else { throw .truncatedBody }

        switch startLine {
        case .request(let method, let uri):
            guard facts.cSeq.method == method else { throw .methodMismatch }
            let addresses = try self.addresses(requestURI: uri, of: bytes)
            // Headers have no place in a Request-URI, and must never become headers (RFC 3261 §19.1.1).
            guard let requestURI = addresses.uri, requestURI.headers == nil else { throw .badRequestURI }
            return .request(
                SIPRequest(
                    method: method,
                    uri: requestURI,
                    headers: try self.headers(facts, addresses),
                    body: bytes.copy(bodyStart..<bodyStart + length)
                )
            )
        case .response(let status, let reason):
            let addresses = try self.addresses(requestURI: nil, of: bytes)
            return .response(
                SIPResponse(
                    status: status,
                    reason: reason,
                    headers: try self.headers(facts, addresses),
                    body: bytes.copy(bodyStart..<bodyStart + length)
                )
            )
        }
    }

    /// A request of another version is told so even where more is wrong with it.
    private func startLineFault(_ bytes: Swift.Span<UInt8>) -> SIPWireFault? {
        do throws(SIPWireFault) {
            _ = try StartLine(self.scanner.startLine, of: bytes)
            return nil
        } catch {
            return error == .badVersion ? error : nil
        }
    }

    private mutating func addresses(
        requestURI: Range<Int>?,
        of bytes: Swift.Span<UInt8>
    ) throws(SIPWireFault) -> MessageAddresses {
        self.addressGuard.begin()
        if let requestURI {
            try self.addressGuard.add(requestURI: requestURI, of: bytes)
        } else {
            self.addressGuard.addStatusLine()
        }
        for line in self.scanner.lines { try self.addressGuard.add(line, of: bytes) }
        self.addressGuard.end()
        if self.usesLibosip2, !self.addressGuard.isUnusual,
            let addresses = self.reader.read(self.addressGuard, isRequest: requestURI != nil)
        {
            return addresses
        }
        self.plainReads += 1
        return try PlainReader.read(self.scanner, uri: requestURI, of: bytes)
    }

    private func headers(_ facts: HeadFacts, _ addresses: MessageAddresses) throws(SIPWireFault) -> SIPHeaders {
        guard !addresses.via.isEmpty else { throw .malformed("Via") }
        // An empty tag would make a dialog that nobody can name.
        guard addresses.from.tag != "" else { throw .malformed("From") }
        guard addresses.to.tag != "" else { throw .malformed("To") }
        var contact = addresses.contact
        if self.addressGuard.stars > 0 {
            guard contact.isEmpty, self.addressGuard.stars == 1 else { throw .malformed("Contact") }
            contact = [.all]
        }
        return SIPHeaders(
            via: addresses.via,
            from: addresses.from,
            to: addresses.to,
            callID: facts.callID,
            cSeq: facts.cSeq,
            maxForwards: facts.maxForwards,
            route: addresses.route,
            recordRoute: addresses.recordRoute,
            contact: contact,
            contentType: facts.contentType,
            fields: facts.fields
        )
    }
}
