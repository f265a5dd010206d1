internal import Foundation
internal import Logging
internal import NIOHTTP1
internal import Observability

/// A response of the admin interface.
struct AdminResponse: Hashable, Sendable {
    var status: Int
    var contentType: String
    var body: String
    /// Beside `Content-Type` and `Content-Length`.
    var headers: [String: String] = [:]

    static func text(_ status: Int, _ text: String, headers: [String: String] = [:]) -> Self {
        Self(status: status, contentType: "text/plain; charset=utf-8", body: text + "\n", headers: headers)
    }
}

/// Answers the requests of the admin interface.
struct AdminResponder: Sendable {
    var source: any AdminSource
    /// What metrics and the API ask for; nil: nothing.
    ///
    /// Health is open to all who reach the listener: it tells nothing,
    /// and those who probe it often can't hold a token.
    var token: Secret?
    var logger: Logger

    /// Answers one request; `uri` is its target, with its query if it has one.
    func respond(method: String, uri: String, authorization: String?) async -> AdminResponse {
        let path = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init)
        guard let path, let resource = Resource(rawValue: path) else { return .text(404, "not found") }
        guard method == resource.method else {
            return .text(405, "method not allowed", headers: ["Allow": resource.method])
        }
        if resource.needsToken, let token, !Self.isBearer(authorization, of: token) {
            return .text(401, "unauthorized", headers: ["WWW-Authenticate": "Bearer"])
        }
        do {
            return try await self.answer(resource)
        } catch {
            self.logger.error("The admin interface can't answer", metadata: ["path": "\(path)", "error": "\(error)"])
            return .text(503, "unavailable")
        }
    }

    private enum Resource: String {
        case health = "/healthz"
        case readiness = "/readyz"
        case metrics = "/metrics"
        case calls = "/api/v1/calls"
        case trunks = "/api/v1/trunks"
        case directory = "/api/v1/directory"

        var method: String {
            switch self {
            case .health, .readiness, .metrics, .calls, .trunks: "GET"
            case .directory: "POST"
            }
        }

        var needsToken: Bool {
            switch self {
            case .health, .readiness: false
            case .metrics, .calls, .trunks, .directory: true
            }
        }
    }

    private func answer(_ resource: Resource) async throws -> AdminResponse {
        switch resource {
        case .health:
            return .text(200, "ok")
        case .readiness:
            return self.source.isReady ? .text(200, "ready") : .text(503, "draining")
        case .metrics:
            let statistics = try await self.source.statistics()
            return AdminResponse(status: 200, contentType: PrometheusText.contentType, body: statistics.prometheusText)
        case .directory:
            try await self.source.readDirectory()
            return .text(200, "read again")
        case .calls:
            return try Self.json(CallReportList(calls: try await self.source.calls()))
        case .trunks:
            return try Self.json(TrunkReportList(trunks: try await self.source.trunks()))
        }
    }

    private static func json(_ value: some Encodable) throws -> AdminResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = try encoder.encode(value)
        return AdminResponse(
            status: 200,
            contentType: "application/json",
            body: String(decoding: body, as: UTF8.self) + "\n"
        )
    }

    /// Compares in a time that depends on the lengths alone, so that the token can't be found byte by byte.
    private static func isBearer(_ authorization: String?, of token: Secret) -> Bool {
        guard let authorization, authorization.lowercased().hasPrefix("bearer ") else { return false }
        let given = Array(authorization.utf8.dropFirst(7))
        let expected = Array(token.reveal().utf8)
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
