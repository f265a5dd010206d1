import ClientServer
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@Suite("The page over plain HTTP") struct PageTests {
    /// One response, as it came.
    private struct Response: Equatable {
        var status: Int
        var headers: [String: String]
        var body: String
    }

    private static let files: [(path: String, type: String, text: String)] = [
        ("/", "text/html; charset=utf-8", "softphone.js"), ("/softphone.js", javaScript, "SwitchhookClient"),
        ("/softphone.css", "text/css; charset=utf-8", "#keypad"), ("/icon.svg", "image/svg+xml", "<svg"),
        ("/switchhook.js", javaScript, "export class SwitchhookClient"),
        ("/switchhook.d.ts", "text/plain; charset=utf-8", "export class Call"),
        ("/minimal.html", "text/html; charset=utf-8", "minimal.js"), ("/minimal.js", javaScript, "start_call"),
    ]
    private static let javaScript = "text/javascript; charset=utf-8"

    @Test("Each file is there, with its type, and with what keeps it from doing more than it should", arguments: files)
    func file(path: String, type: String, text: String) async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens)
            let client = try server.connect()
            let response = try #require(try self.ask("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n", client).first)
            #expect(response.status == 200)
            #expect(response.body.contains(text))
            #expect(response.headers["content-type"] == type)
            #expect(response.headers["content-length"] == "\(response.body.utf8.count)")
            #expect(response.headers["cache-control"] == "no-cache")
            #expect(response.headers["x-content-type-options"] == "nosniff")
            #expect(response.headers["referrer-policy"] == "no-referrer")
            let policy = try #require(response.headers["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'self'; connect-src 'self' ws: wss:;"))
            #expect(!policy.contains("unsafe"))
            #expect(response.headers["connection"] == nil)
            #expect(client.channel.isActive)
            #expect(server.recorder.batches() == [])
        }
    }

    @Test("No file holds a script, a style or a handler inline, or names another host")
    func policyHolds() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            for path in ["/", "/minimal.html"] {
                let page = try #require(try self.ask("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n", client).first).body
                for wrong in ["<style", "style=", "onclick", "onload", "http:", "https:", "\"//"] {
                    #expect(!page.contains(wrong), "\(path) has \(wrong)")
                }
                #expect(page.components(of: "<script").count - 1 == page.components(of: "\"></script>").count - 1)
            }
        }
    }

    @Test("A file that the client has is not sent again", arguments: ["TAG", "W/TAG", "\"x\", TAG", "*"])
    func notModified(tags: String) async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            let first = try #require(try self.ask("GET /softphone.js HTTP/1.1\r\nHost: x\r\n\r\n", client).first)
            let tag = try #require(first.headers["etag"])
            let header = "If-None-Match: " + tags.components(of: "TAG").joined(separator: tag)
            let request = "GET /softphone.js HTTP/1.1\r\nHost: x\r\n\(header)\r\n\r\n"
            let response = try #require(try self.ask(request, client).first)
            #expect(response.status == 304)
            #expect(response.body.isEmpty)
            #expect(response.headers["etag"] == tag)
            #expect(response.headers["content-length"] == nil)
            let other = "GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: \(tag)\r\n\r\n"
            #expect(try self.ask(other, client).first?.status == 200)
        }
    }

    @Test("HEAD gets the headers of GET and no body") func head() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            let whole = try #require(try self.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", client).first)
            try client.send(text: "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = String(decoding: try client.received(), as: UTF8.self)
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(head.hasSuffix("\r\n\r\n"))
            #expect(head.components(of: "\r\n\r\n").count == 2)
            #expect(head.lowercased().contains("\r\ncontent-length: \(whole.body.utf8.count)\r\n"))
            #expect(client.channel.isActive)
        }
    }

    @Test("Other methods are told which there are", arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
    func otherMethods(method: String) async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            let request = "\(method) / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            let response = try #require(try self.ask(request, client).first)
            #expect(response.status == 405)
            #expect(response.headers["allow"] == "GET, HEAD")
            #expect(response.body == "")
            // The body was read: the connection is still at the start of a request.
            #expect(try self.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", client).first?.status == 200)
        }
    }

    @Test("A response to a URL with a query is kept nowhere, and the query reaches no log") func query() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens)
            let client = try server.connect()
            let request = "GET /?token=very-secret HTTP/1.1\r\nHost: x\r\n\r\n"
            let response = try #require(try self.ask(request, client).first)
            #expect(response.status == 200)
            #expect(response.headers["cache-control"] == "no-store")
            #expect(server.lines.texts.withLock { $0.filter { $0.contains("very-secret") } } == [])
        }
    }

    @Test(
        "Paths that only look like a file's are not there",
        arguments: ["/index.html", "//", "/%2e/", "/./", "/softphone.js/"]
    )
    func otherPaths(path: String) async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            let response = try #require(try self.ask("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n", client).first)
            #expect(response.status == 404)
            #expect(!client.channel.isActive)
        }
    }

    @Test("Several requests at once are answered in order, and a WebSocket may follow on the same connection")
    func pipelined() async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens)
            let client = try server.connect()
            let paths = ["/softphone.css", "/minimal.html", "/icon.svg"]
            let requests = paths.map { "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
            let responses = try self.ask(requests, client)
            #expect(responses.map(\.status) == [200, 200, 200])
            #expect(responses.map { $0.headers["content-type"]?.prefix(8) } == ["text/css", "text/htm", "image/sv"])
            try client.send(text: UpgradeText.request(token: token))
            server.loop.run()
            #expect(try client.received().starts(with: Array("HTTP/1.1 101 ".utf8)))
            #expect(server.server.connectionCount == 1)
            // The time of the page's connection does not count against the socket.
            server.loop.advanceTime(by: .seconds(21))
            #expect(client.channel.isActive)
        }
    }

    @Test(
        "A connection is closed with the response where the client wants that, or asks for an upgrade of the page",
        arguments: [
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
            UpgradeText.request(path: "/"),
        ]
    )
    func closes(request: String) async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            let response = try #require(try self.ask(request, client).first)
            #expect(response.status == 200)
            #expect(response.headers["connection"] == "close")
            #expect(!client.channel.isActive)
        }
    }

    @Test("A client of HTTP/1.0 that asks to keep the connection keeps it") func oldClient() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            let request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            #expect(try self.ask(request, client).first?.headers["connection"] == "keep-alive")
            #expect(client.channel.isActive)
        }
    }

    @Test("A connection that asks for nothing more is closed in time, and half a request does not help it")
    func idle() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens)
            let client = try server.connect()
            for _ in 0..<3 {
                #expect(try self.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", client).first?.status == 200)
                server.loop.advanceTime(by: .milliseconds(19_999))
                #expect(client.channel.isActive)
            }
            try client.send(text: "GET / HTTP/1.1\r\nHo")
            server.loop.advanceTime(by: .milliseconds(1))
            #expect(!client.channel.isActive)
        }
    }

    @Test("A connection serves so many requests and no more") func requestsPerConnection() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens) { $0.limits.requestsPerConnection = 3 }.connect()
            let requests = String(repeating: "GET /icon.svg HTTP/1.1\r\nHost: x\r\n\r\n", count: 5)
            let responses = try self.ask(requests, client)
            #expect(responses.map { $0.headers["connection"] } == [nil, nil, "close"])
            #expect(!client.channel.isActive)
        }
    }

    @Test("A client that takes nothing gets no further response") func slowReader() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            client.channel.isWritable = false
            let requests = String(repeating: "GET /icon.svg HTTP/1.1\r\nHost: x\r\n\r\n", count: 5)
            #expect(try self.ask(requests, client).map { $0.headers["connection"] } == ["close"])
        }
    }

    @Test("Each request has its own limit of bytes") func requestBytes() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens) { $0.limits.handshakeBytes = 1000 }.connect()
            let filler = String(repeating: "x", count: 700)
            for _ in 0..<5 {
                let request = "GET /icon.svg HTTP/1.1\r\nHost: x\r\nX: \(filler)\r\n\r\n"
                #expect(try self.ask(request, client).first?.status == 200)
            }
            let long = "GET /icon.svg HTTP/1.1\r\nHost: x\r\nX: \(filler)\(filler)\r\n\r\n"
            #expect(try self.ask(long, client).first?.status == 431)
            #expect(!client.channel.isActive)
        }
    }

    @Test("What is no HTTP after a page is refused") func nonsense() async throws {
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let client = try EmbeddedServer(tokens).connect()
            #expect(try self.ask("GET /icon.svg HTTP/1.1\r\nHost: x\r\n\r\n", client).first?.status == 200)
            #expect(try self.ask("nonsense\r\n\r\n", client).first?.status == 400)
            #expect(!client.channel.isActive)
        }
    }

    /// Sends the text, and gives the responses that it gets.
    private func ask(_ request: String, _ client: EmbeddedClient) throws -> [Response] {
        try client.send(text: request)
        (client.channel.eventLoop as? EmbeddedEventLoop)?.run()
        return try Self.responses(in: String(decoding: try client.received(), as: UTF8.self))
    }

    private static func responses(in text: String) throws -> [Response] {
        var rest = Array(text.utf8)[...]
        var responses: [Response] = []
        while !rest.isEmpty {
            let end = try #require(rest.indices.first { rest[$0...].starts(with: [13, 10, 13, 10]) })
            let lines = String(decoding: rest[..<end], as: UTF8.self).components(of: "\r\n")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
            }
            let status = try #require(lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) })
            rest = rest[(end + 4)...]
            let length = status == 304 ? 0 : try #require(headers["content-length"].flatMap { Int($0) })
            try #require(length <= rest.count)
            responses.append(
                Response(status: status, headers: headers, body: String(decoding: rest.prefix(length), as: UTF8.self))
            )
            rest = rest.dropFirst(length)
        }
        return responses
    }
}

extension String {
    /// The parts between the separators.
    fileprivate func components(of separator: String) -> [String] {
        self.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
