import ClientProtocol
import NIOHTTP1

/// What an HTTP request asks for, as far as that shows without looking into the token.
enum UpgradeRequest: Equatable {
    /// A WebSocket of this profile for the bearer of this token, which is nil where there is none or more than one.
    case webSocket(token: String?, ClientProfile)
    case refused(UpgradeRefusal)

    /// The path of the socket (user's page §1); the last slash may be missing.
    private static let path = "/ws/call"
    private static let subprotocol = "switchhook.v1"

    /// Judges a request; no allowed origins means any.
    init(_ head: HTTPRequestHead, allowedOrigins: [String]) {
        let uri = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = uri.first ?? ""
        guard path == Self.path || path == Self.path + "/" else {
            self = .refused(.notFound)
            return
        }
        guard head.method == .GET else {
            self = .refused(.methodNotAllowed)
            return
        }
        guard Self.lists(head.headers, "upgrade", "websocket"), Self.lists(head.headers, "connection", "upgrade"),
            head.headers["sec-websocket-version"] == ["13"]
        else {
            self = .refused(.upgradeRequired)
            return
        }
        guard head.headers["sec-websocket-key"].count == 1 else {
            self = .refused(.badRequest)
            return
        }
        let origins = head.headers["origin"]
        guard allowedOrigins.isEmpty || origins.allSatisfy({ Self.allows(allowedOrigins, $0) }) else {
            self = .refused(.forbiddenOrigin)
            return
        }
        let isExtended = head.headers[canonicalForm: "sec-websocket-protocol"].contains { $0 == Self.subprotocol }
        self = .webSocket(
            token: uri.count == 2 ? Self.token(inQuery: uri[1]) : nil,
            isExtended ? .extended : .baseline
        )
    }

    /// What the response says besides what every upgrade says.
    static func headers(for profile: ClientProfile) -> HTTPHeaders {
        switch profile {
        case .baseline: [:]
        case .extended: ["Sec-WebSocket-Protocol": Self.subprotocol]
        }
    }

    private static func lists(_ headers: HTTPHeaders, _ name: String, _ word: String) -> Bool {
        headers[canonicalForm: name].contains { $0.lowercased() == word }
    }

    private static func allows(_ allowed: [String], _ origin: String) -> Bool {
        let origin = origin.lowercased()
        return allowed.contains { $0.lowercased() == origin }
    }

    /// The one `token` of a query string, its percent escapes resolved.
    private static func token(inQuery query: Substring) -> String? {
        var token: String?
        for parameter in query.split(separator: "&") where parameter.hasPrefix("token=") {
            guard token == nil else { return nil }
            token = Self.percentDecoded(parameter.dropFirst("token=".count))
            guard token != nil else { return nil }
        }
        return token
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(JSONText.hexDigit),
                let low = rest.popFirst().flatMap(JSONText.hexDigit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Why a request is answered with an HTTP error.
enum UpgradeRefusal: Equatable {
    case badRequest
    /// One answer for all faults of a token (gateway-profile §5).
    case unauthorized
    case forbiddenOrigin
    case notFound
    case methodNotAllowed
    case upgradeRequired
    case tooManySockets
    case tooLarge
    case unavailable

    var status: HTTPResponseStatus {
        switch self {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbiddenOrigin: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .upgradeRequired: .upgradeRequired
        case .tooManySockets: .tooManyRequests
        case .tooLarge: .requestHeaderFieldsTooLarge
        case .unavailable: .serviceUnavailable
        }
    }

    /// What it says to whoever tries the address by hand.
    var text: String {
        switch self {
        case .notFound: "Not Found: the apps' WebSocket is at /ws/call/?token=<token>."
        case .upgradeRequired: "Upgrade Required: this is a WebSocket, not a page."
        case .forbiddenOrigin: "Forbidden: pages of this origin are not among client.allowed_origins."
        case .tooManySockets: "Too Many Requests: this user has as many sockets as a user may have."
        case .tooLarge: "Request Header Fields Too Large"
        case .badRequest, .unauthorized, .methodNotAllowed, .unavailable: self.status.reasonPhrase
        }
    }

    /// Headers besides those of every refusal.
    var headers: HTTPHeaders {
        switch self {
        case .methodNotAllowed: ["Allow": "GET"]
        case .upgradeRequired: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"]
        case .unavailable: ["Retry-After": "5"]
        case .badRequest, .unauthorized, .forbiddenOrigin, .notFound, .tooManySockets, .tooLarge: [:]
        }
    }
}
