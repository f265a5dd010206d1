/// Makes what libosip2 is given: the request line and the Via and address fields alone, and only where it reads them
/// as they were meant.
///
/// It counts what makes libosip2 slow, and notes what libosip2 is known to lose, to confuse or to take although it is
/// malformed; such messages go to `PlainReader`, which is slower and exact:
/// - quoted strings, `<>` and parameters that do not follow each other as RFC 3261 §20.10 has them;
/// - IPv6 addresses (a port and the last group are mixed up), URI headers (errors in them are dropped), empty
///   parameters, `@` without a user;
/// - a comma within a URI, which splits the value unless the scheme is one of five.
///
/// `%` goes in as a byte that no head may hold, since libosip2 undoes escapes: `%00` would end a string, and make one of
/// two different Contacts.
struct AddressGuard {
    static let percentStandIn: UInt8 = 0x01

    /// What libosip2 gets.
    private(set) var head: [UInt8] = []
    /// Whether `PlainReader` must read this message.
    private(set) var isUnusual = false
    private(set) var hasPercent = false
    /// How many Contacts are `*`; they are not in `head`.
    private(set) var stars = 0
    /// How many values of each kind and how many parameters went in; libosip2 drops Routes, Record-Routes and URI
    /// parameters that it cannot read.
    private(set) var vias = 0
    private(set) var contacts = 0
    private(set) var routes = 0
    private(set) var recordRoutes = 0
    private(set) var parameters = 0

    private let limits: SIPWireLimits

    init(limits: SIPWireLimits) {
        self.limits = limits
    }

    /// Begins a message; the storage stays.
    mutating func begin() {
        self.head.removeAll(keepingCapacity: true)
        self.isUnusual = false
        self.hasPercent = false
        self.stars = 0
        self.vias = 0
        self.contacts = 0
        self.routes = 0
        self.recordRoutes = 0
        self.parameters = 0
    }

    mutating func add(requestURI uri: Range<Int>, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) {
        // The method is ours to read; a constant one spares libosip2 the odd ones.
        self.append("INVITE ")
        try self.walkURI(uri, of: bytes)
        self.append(plain: uri, of: bytes)
        self.append(" SIP/2.0\r\n")
    }

    /// A response: libosip2 needs some status line.
    mutating func addStatusLine() {
        self.append("SIP/2.0 200 OK\r\n")
    }

    mutating func add(_ line: HeadScanner.Line, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) {
        guard !line.value.isEmpty else { return }
        switch line.header {
        case .via:
            self.append("Via: ")
            self.vias += try self.walkVia(line.value, of: bytes)
        case .from:
            self.append("From: ")
            _ = try self.walkAddress(line.value, of: bytes, isList: false)
        case .to:
            self.append("To: ")
            _ = try self.walkAddress(line.value, of: bytes, isList: false)
        case .route:
            self.append("Route: ")
            self.routes += try self.walkAddress(line.value, of: bytes, isList: true)
        case .recordRoute:
            self.append("Record-Route: ")
            self.recordRoutes += try self.walkAddress(line.value, of: bytes, isList: true)
        case .contact:
            if line.value.count == 1, bytes[line.value.lowerBound] == UInt8(ascii: "*") {
                self.stars += 1
                return
            }
            self.append("Contact: ")
            self.contacts += try self.walkAddress(line.value, of: bytes, isList: true)
        case .callID, .cSeq, .maxForwards, .contentType, .contentLength, .other:
            return
        }
        if line.isPlain {
            self.append(plain: line.value, of: bytes)
        } else {
            self.append(folded: line.value, of: bytes)
        }
        self.append("\r\n")
    }

    mutating func end() {
        self.append("\r\n")
    }

    private mutating func append(_ text: StaticString) {
        unsafe self.head.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        if byte == UInt8(ascii: "%") {
            self.hasPercent = true
            self.head.append(Self.percentStandIn)
        } else {
            self.head.append(byte.isControl ? .space : byte)
        }
    }

    /// Appends bytes without folds and control characters.
    private mutating func append(plain range: Range<Int>, of bytes: Swift.Span<UInt8>) {
        let start = self.head.count
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe self.head.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[range]))
        }
        var hasPercent = false
        var hasTab = false
        for index in range {
            if bytes[index] == UInt8(ascii: "%") { hasPercent = true }
            if bytes[index] == .tab { hasTab = true }
        }
        // libosip2 takes a tab for a character in some places, for a space in others.
        if hasTab { self.isUnusual = true }
        guard hasPercent else { return }
        self.hasPercent = true
        for index in start..<self.head.count where self.head[index] == UInt8(ascii: "%") {
            self.head[index] = Self.percentStandIn
        }
    }

    /// Appends a field's value; a fold becomes one space, as in `HeadScanner.text`.
    private mutating func append(folded range: Range<Int>, of bytes: Swift.Span<UInt8>) {
        var isFold = false
        for index in range {
            let byte = bytes[index]
            if byte == .carriageReturn || byte == .lineFeed {
                while self.head.last?.isSpaceOrTab == true { self.head.removeLast() }
                isFold = true
            } else if !isFold || !byte.isSpaceOrTab {
                if isFold { self.head.append(.space) }
                isFold = false
                if byte == .tab { self.isUnusual = true }
                self.append(byte)
            }
        }
    }

    private mutating func count(parameter count: inout Int) throws(SIPWireFault) {
        count += 1
        self.parameters += 1
        guard count <= self.limits.parametersOfField, self.parameters <= self.limits.parameters else {
            throw .tooManyParameters
        }
    }

    private mutating func count(value count: inout Int) throws(SIPWireFault) {
        count += 1
        guard count + self.vias + self.contacts + self.routes + self.recordRoutes <= self.limits.values else {
            throw .tooManyFields
        }
    }

    private mutating func walkURI(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) {
        var count = 0
        var previous = UInt8(ascii: ";")
        for index in range {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: ";"):
                try self.count(parameter: &count)
                if previous == UInt8(ascii: ";") || previous == UInt8(ascii: "=") { self.isUnusual = true }
            case UInt8(ascii: "@"):
                if previous == UInt8(ascii: ":") { self.isUnusual = true }
            case UInt8(ascii: "["), UInt8(ascii: "?"), UInt8(ascii: ","), .space, .tab:
                self.isUnusual = true
            default:
                break
            }
            previous = byte
        }
        if previous == UInt8(ascii: ";") || previous == UInt8(ascii: "=") { self.isUnusual = true }
    }

    private enum Place {
        /// The display name, or a URI without `<>`.
        case name
        case quotedName
        case uri
        case behindURI
        case parameters
        case quotedValue
    }

    /// Gives the number of values.
    private mutating func walkAddress(
        _ range: Range<Int>,
        of bytes: Swift.Span<UInt8>,
        isList: Bool
    ) throws(SIPWireFault) -> Int {
        var count = 0
        var values = 0
        var place = Place.name
        // The last byte that is no space; a separator where a value has only begun.
        var previous = UInt8(ascii: ",")
        var isEscaped = false
        try self.count(value: &values)
        for index in range {
            let byte = bytes[index]
            switch place {
            case .quotedName, .quotedValue:
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    place = place == .quotedName ? .name : .parameters
                }
                previous = byte
                continue
            case .name, .uri, .behindURI, .parameters:
                break
            }
            guard byte > .space else {
                if place == .uri { self.isUnusual = true }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                switch place {
                case .name where previous == UInt8(ascii: ","): place = .quotedName
                case .parameters where previous == UInt8(ascii: "="): place = .quotedValue
                case .name, .quotedName, .uri, .behindURI, .parameters, .quotedValue: self.isUnusual = true
                }
            case UInt8(ascii: "<"):
                if place != .name { self.isUnusual = true }
                place = .uri
            case UInt8(ascii: ">"):
                if place != .uri || previous == UInt8(ascii: ";") || previous == UInt8(ascii: "=") {
                    self.isUnusual = true
                }
                place = .behindURI
            case UInt8(ascii: ";"):
                try self.count(parameter: &count)
                if previous == UInt8(ascii: ";") || previous == UInt8(ascii: "=") { self.isUnusual = true }
                if place != .uri { place = .parameters }
            case UInt8(ascii: ","):
                if !isList || place == .uri || previous == UInt8(ascii: ",") || previous == UInt8(ascii: ";")
                    || previous == UInt8(ascii: "=")
                {
                    self.isUnusual = true
                }
                if place != .uri {
                    place = .name
                    try self.count(value: &values)
                }
            case UInt8(ascii: "@"):
                if previous == UInt8(ascii: ":") { self.isUnusual = true }
            case UInt8(ascii: "["), UInt8(ascii: "?"):
                self.isUnusual = true
            default:
                if place == .behindURI { self.isUnusual = true }
            }
            previous = byte
        }
        switch place {
        case .quotedName, .uri, .quotedValue: self.isUnusual = true
        case .name, .behindURI, .parameters: break
        }
        switch previous {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="): self.isUnusual = true
        default: break
        }
        return values
    }

    /// Gives the number of values.
    private mutating func walkVia(_ range: Range<Int>, of bytes: Swift.Span<UInt8>) throws(SIPWireFault) -> Int {
        var count = 0
        var values = 0
        var previous = UInt8(ascii: ",")
        // libosip2 drops the protocol's name and leaves its version to the caller.
        var expected = 0
        try self.count(value: &values)
        for index in range {
            let byte = bytes[index]
            guard byte > .space else { continue }
            if expected < Self.protocolName.count {
                if byte.lowercasedLetter != Self.protocolName[expected] { self.isUnusual = true }
                expected += 1
                previous = byte
                continue
            }
            switch byte {
            case UInt8(ascii: ";"):
                try self.count(parameter: &count)
                if previous == UInt8(ascii: ";") || previous == UInt8(ascii: "=") { self.isUnusual = true }
            case UInt8(ascii: ","):
                try self.count(value: &values)
                expected = 0
                if previous == UInt8(ascii: ";") || previous == UInt8(ascii: "=") { self.isUnusual = true }
            case UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "("), UInt8(ascii: "<"), UInt8(ascii: ">"):
                self.isUnusual = true
            default:
                break
            }
            previous = byte
        }
        if expected < Self.protocolName.count || previous == UInt8(ascii: ";") || previous == UInt8(ascii: "=") {
            self.isUnusual = true
        }
        return values
    }

    private static let protocolName = Array("sip/2.0/".utf8)
}
