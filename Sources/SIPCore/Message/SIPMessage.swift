/// A request as the core handles it; `SIPWire` makes it from bytes, `SIPWriter` makes bytes of it.
package struct SIPRequest: Hashable, Sendable {
    package var method: SIPMethod
    package var uri: SIPURI
    package var headers: SIPHeaders
    package var body: [UInt8]

    package init(method: SIPMethod, uri: SIPURI, headers: SIPHeaders, body: [UInt8] = []) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
    }
}

/// A response.
package struct SIPResponse: Hashable, Sendable {
    /// 100 to 699.
    package var status: UInt16
    package var reason: String
    package var headers: SIPHeaders
    package var body: [UInt8]

    package init(status: UInt16, reason: String, headers: SIPHeaders, body: [UInt8] = []) {
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
    }
}

package enum SIPMessage: Hashable, Sendable {
    case request(SIPRequest)
    case response(SIPResponse)

    package var headers: SIPHeaders {
        switch self {
        case .request(let request): request.headers
        case .response(let response): response.headers
        }
    }
}
