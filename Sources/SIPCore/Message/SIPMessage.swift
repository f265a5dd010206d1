/// A request as the core handles it; `SIPWire` makes it from bytes, `SIPWriter` makes bytes of it.
///
/// It copies as one reference; see `SIPHeaders`.
package struct SIPRequest: Hashable, Sendable {
    /// With the request line and the body.
    private var whole: SIPHeaders

    package init(method: SIPMethod, uri: SIPURI, headers: consuming SIPHeaders, body: [UInt8] = []) {
        // Moved, or the change would copy it.
        self.whole = consume headers
        self.whole.edit { whole in
            whole.method = method
            whole.uri = uri
            whole.body = body
        }
    }

    package var method: SIPMethod {
        get { self.whole.message.method }
        set { self.whole.edit { $0.method = newValue } }
    }

    package var uri: SIPURI {
        get { self.whole.message.uri }
        set { self.whole.edit { $0.uri = newValue } }
    }

    /// The header fields; they change in place.
    package var headers: SIPHeaders {
        get { self.whole }
        _modify {
            yield &self.whole
            // An `inout` that gets other fields would lose the request line.
            assert(self.whole.isOfMessage, "The header fields of a request are changed, not replaced")
        }
        set { self = SIPRequest(method: self.method, uri: self.uri, headers: newValue, body: self.body) }
    }

    package var body: [UInt8] {
        get { self.whole.message.body }
        set { self.whole.edit { $0.body = newValue } }
    }

    package static func == (left: SIPRequest, right: SIPRequest) -> Bool {
        left.method == right.method && left.uri == right.uri && left.whole == right.whole && left.body == right.body
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.method)
        hasher.combine(self.uri)
        hasher.combine(self.whole)
        hasher.combine(self.body)
    }
}

/// A response.
///
/// It copies as one reference; see `SIPHeaders`.
package struct SIPResponse: Hashable, Sendable {
    /// With the status line and the body.
    private var whole: SIPHeaders

    package init(status: UInt16, reason: String, headers: consuming SIPHeaders, body: [UInt8] = []) {
        // Moved, or the change would copy it.
        self.whole = consume headers
        self.whole.edit { whole in
            whole.status = status
            whole.reason = reason
            whole.body = body
        }
    }

    /// 100 to 699.
    package var status: UInt16 {
        get { self.whole.message.status }
        set { self.whole.edit { $0.status = newValue } }
    }

    package var reason: String {
        get { self.whole.message.reason }
        set { self.whole.edit { $0.reason = newValue } }
    }

    /// The header fields; they change in place.
    package var headers: SIPHeaders {
        get { self.whole }
        _modify {
            yield &self.whole
            // An `inout` that gets other fields would lose the status line.
            assert(self.whole.isOfMessage, "The header fields of a response are changed, not replaced")
        }
        set { self = SIPResponse(status: self.status, reason: self.reason, headers: newValue, body: self.body) }
    }

    package var body: [UInt8] {
        get { self.whole.message.body }
        set { self.whole.edit { $0.body = newValue } }
    }

    package static func == (left: SIPResponse, right: SIPResponse) -> Bool {
        left.status == right.status && left.reason == right.reason && left.whole == right.whole
            && left.body == right.body
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.status)
        hasher.combine(self.reason)
        hasher.combine(self.whole)
        hasher.combine(self.body)
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
