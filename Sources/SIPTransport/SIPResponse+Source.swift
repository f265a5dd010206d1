internal import SIPCore

extension SIPResponse {
    /// This response, made at the edge, with the source of its request in the topmost Via (RFC 3261 §18.2.1, RFC 3581).
    func addressed(to source: SIPAddress) -> SIPResponse {
        guard var via = self.headers.via.first else { return self }
        if via.rport != .absent { via.rport = .value(source.port) }
        if via.rport != .absent || via.host != source.host { via.received = source.host }
        var response = self
        response.headers.via[0] = via
        return response
    }
}
