import NIOCore
import NIOHTTP1

/// The answer to a request for one of the page's files.
struct PageResponse {
    let head: HTTPResponseHead
    /// nil where the answer has none.
    let body: ByteBuffer?
    /// Whether the connection may serve another request.
    let keepsAlive: Bool

    /// It is nil where the path is not one of the page's.
    ///
    /// - Parameters:
    ///   - request: Any request.
    ///   - mayKeepAlive: Whether we would serve another one, were the client to ask for it.
    init?(_ request: HTTPRequestHead, mayKeepAlive: Bool) {
        let uri = request.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = uri.first, let file = PageFile.at(path) else { return nil }
        // Where an upgrade is asked for, the HTTP decoder reads nothing more; a page is no place to upgrade at.
        let keepsAlive = mayKeepAlive && request.isKeepAlive && !request.headers.contains(name: "upgrade")
        var headers = Self.safety
        if !keepsAlive {
            headers.add(name: "Connection", value: "close")
        } else if request.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        self.keepsAlive = keepsAlive

        guard request.method == .GET || request.method == .HEAD else {
            headers.add(name: "Allow", value: "GET, HEAD")
            headers.add(name: "Content-Length", value: "0")
            self.head = HTTPResponseHead(version: .http1_1, status: .methodNotAllowed, headers: headers)
            self.body = nil
            return
        }
        headers.add(name: "ETag", value: file.entityTag)
        // A query may hold a token: such a response is kept nowhere, for it is kept under its URL.
        headers.add(name: "Cache-Control", value: uri.count == 1 ? "no-cache" : "no-store")
        guard !Self.matches(request.headers[canonicalForm: "if-none-match"], file.entityTag) else {
            self.head = HTTPResponseHead(version: .http1_1, status: .notModified, headers: headers)
            self.body = nil
            return
        }
        headers.add(name: "Content-Type", value: file.contentType)
        headers.add(name: "Content-Length", value: "\(file.body.readableBytes)")
        self.head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        self.body = request.method == .HEAD ? nil : file.body
    }

    /// What keeps a page from doing more than it is there for.
    private static let safety: HTTPHeaders = [
        "Content-Security-Policy": """
        default-src 'self'; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'
        """,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    ]

    /// Whether one of the tags of `If-None-Match` is the file's, compared weakly (RFC 9110 §13.1.2).
    private static func matches(_ tags: [Substring], _ entityTag: String) -> Bool {
        tags.contains { tag in tag == "*" || tag == entityTag || (tag.hasPrefix("W/") && tag.dropFirst(2) == entityTag)
        }
    }
}
