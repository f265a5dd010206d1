import Foundation
import FoundationNetworking
import Gateway
import Testing

/// A plain HTTP client that isn't ours.
enum HTTP {
    struct Response: Equatable {
        var status: Int
        var contentType: String?
        var body: String
    }

    static func request(
        _ path: String,
        at address: HostPort,
        method: String = "GET",
        authorization: String? = nil
    ) async throws -> Response {
        var request = URLRequest(url: try #require(URL(string: "http://\(address)\(path)")), timeoutInterval: 10)
        request.httpMethod = method
        if let authorization { request.setValue(authorization, forHTTPHeaderField: "Authorization") }
        // A shared session would try a connection of a server that is gone, where another now has its port.
        let session = URLSession(configuration: .ephemeral)
        defer { session.finishTasksAndInvalidate() }
        let (data, response) = try await session.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        return Response(
            status: http.statusCode,
            contentType: http.value(forHTTPHeaderField: "Content-Type"),
            body: String(decoding: data, as: UTF8.self)
        )
    }
}
