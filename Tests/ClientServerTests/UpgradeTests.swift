import ClientProtocol
import ClientServer
import JWTKit
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@Suite("The upgrade of a connection") struct UpgradeTests {
    /// The status line and headers that a request gets, and whether the connection is closed.
    private func answer(_ request: String, _ server: EmbeddedServer) throws -> (text: String, isClosed: Bool) {
        let client = try server.connect()
        try client.send(text: request)
        server.loop.run()
        return (String(decoding: try client.received(), as: UTF8.self), !client.channel.isActive)
    }

    private func status(_ request: String, _ server: EmbeddedServer) throws -> Int? {
        let answer = try self.answer(request, server)
        return Int(answer.text.split(separator: " ").dropFirst().first ?? "")
    }

    @Test(
        "A good token opens a baseline socket, with and without the last slash",
        arguments: ["/ws/call/", "/ws/call"]
    )
    func baseline(path: String) async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens)
            let answer = try self.answer(UpgradeText.request(path: path, token: token), server)
            #expect(answer.text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            // The example of RFC 6455 §1.3.
            #expect(answer.text.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(!answer.text.lowercased().contains("sec-websocket-protocol"))
            #expect(!answer.text.lowercased().contains("sec-websocket-extensions"))
            #expect(answer.text.hasSuffix("\r\n\r\n"))
            #expect(!answer.isClosed)
            let bob = ClientIdentity(userID: .number("7"), username: "bob", expiresAt: TokenFactory.now + 60)
            #expect(server.recorder.batches() == [[.connected(ConnectionID(rawValue: 1 << 10), bob, .baseline)]])
            #expect(server.server.connectionCount == 1)
        }
    }

    @Test(
        "The subprotocol chooses the extended profile, and is echoed",
        arguments: [
            (["Sec-WebSocket-Protocol: switchhook.v1"], ClientProfile.extended),
            (["Sec-WebSocket-Protocol: chat, switchhook.v1"], .extended),
            (["Sec-WebSocket-Protocol: chat", "sec-websocket-protocol: switchhook.v1"], .extended),
            (["Sec-WebSocket-Protocol: switchhook.v2, chat"], .baseline),
            (["Sec-WebSocket-Extensions: permessage-deflate"], .baseline),
        ]
    )
    func subprotocol(headers: [String], profile: ClientProfile) async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens)
            let answer = try self.answer(UpgradeText.request(token: token, headers: headers), server)
            #expect(answer.text.contains("\r\nSec-WebSocket-Protocol: switchhook.v1\r\n") == (profile == .extended))
            #expect(!answer.text.contains("deflate"))
            guard case .connected(_, _, profile) = server.recorder.take().first else {
                Issue.record("another profile")
                return
            }
        }
    }

    @Test("Every bad token gets the same 401, and nothing of it reaches a log") func badTokens() async throws {
        let now = TokenFactory.now
        let hmac = try await TokenFactory.hmac()
        let foreign = try await TokenFactory.hmac(TokenFactory.foreignSecret)
        let hs384 = try await TokenFactory.hmac(TokenFactory.secret, .sha384)
        let good = try await TokenFactory.goodToken()
        let none = try TokenFactory.token(header: #"{"alg":"none"}"#, signer: hmac)
        let bad: [String] = [
            UpgradeText.request(), UpgradeText.request(token: ""), UpgradeText.request(token: "nonsense"),
            UpgradeText.request(token: "a.b.c"), UpgradeText.request(token: "%zz"), UpgradeText.request(token: "%e9"),
            UpgradeText.request(token: good + "&token=" + good), UpgradeText.request(token: String(good.dropLast())),
            UpgradeText.request(path: "/ws/call/?xtoken=\(good)"), UpgradeText.request(path: "/ws/call/?TOKEN=\(good)"),
            UpgradeText.request(token: none),
            UpgradeText.request(token: none.split(separator: ".")[..<2].joined(separator: ".") + "."),
            UpgradeText.request(token: try TokenFactory.token(header: #"{"alg":"HS384"}"#, signer: hs384)),
            UpgradeText.request(token: try TokenFactory.token(signer: foreign)),
            UpgradeText.request(
                token: try TokenFactory.token(
                    claims: #"{"user_id":7,"token_type":"access","exp":\#(now - 60)}"#,
                    signer: hmac
                )
            ),
            UpgradeText.request(
                token: try TokenFactory.token(
                    claims: #"{"user_id":7,"token_type":"refresh","exp":\#(now + 60)}"#,
                    signer: hmac
                )
            ),
            UpgradeText.request(
                token: try TokenFactory.token(claims: #"{"user_id":7,"token_type":"access"}"#, signer: hmac)
            ),
            UpgradeText.request(
                token: try TokenFactory.token(claims: #"{"token_type":"access","exp":\#(now + 60)}"#, signer: hmac)
            ),
        ]
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens)
            let answers = try bad.map { try self.answer($0, server) }
            #expect(Set(answers.map(\.text)).count == 1)
            #expect(answers.first?.text.hasPrefix("HTTP/1.1 401 Unauthorized\r\n") == true)
            #expect(!answers.map(\.isClosed).contains(false))
            #expect(server.recorder.batches() == [])
            #expect(server.server.connectionCount == 0)
            #expect(server.server.counters.tokensRefused.load(ordering: .relaxed) == bad.count)
        }
    }

    @Test("No part of a token reaches a log, at any level, whatever happens to it") func logs() async throws {
        let good = try await TokenFactory.goodToken()
        let foreign = try TokenFactory.token(signer: try await TokenFactory.hmac(TokenFactory.foreignSecret))
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens) { configuration in
                configuration.allowedOrigins = ["https://app.example"]
                configuration.limits.socketsPerUser = 1
            }
            var requests = [good, foreign].flatMap { token in
                [
                    UpgradeText.request(path: "/elsewhere", token: token),
                    UpgradeText.request(token: token, method: "POST"),
                    UpgradeText.request(token: token, without: "Upgrade"),
                    UpgradeText.request(token: token, without: "Sec-WebSocket-Key"),
                    UpgradeText.request(token: token, headers: ["Origin: https://evil.example"]),
                    UpgradeText.request(token: token),
                    UpgradeText.request(token: token).replacing("HTTP/1.1", with: "HTTP/9.9"),
                    UpgradeText.request(token: token).replacing("Host: ", with: "Ho st: "),
                    UpgradeText.request(token: token, headers: ["X: " + String(repeating: "x", count: 20_000)]),
                ]
            }
            requests.append(UpgradeText.request(token: good))
            let client = try server.connect()
            try client.send(text: UpgradeText.request(token: good))
            server.loop.run()
            try client.send(ClientFrame.text(good) + ClientFrame.make(0xF1, Array(good.utf8)))
            for request in requests { _ = try self.answer(request, server) }

            let lines = server.lines.texts.withLock { $0 }
            #expect(lines.contains { $0.contains("token refused") && $0.contains("signature") })
            #expect(lines.contains { $0.contains("client connected") })
            #expect(lines.contains { $0.contains("request refused") })
            for part in (good + "." + foreign).split(separator: ".") {
                #expect(lines.filter { $0.contains(part) } == [])
            }
        }
    }

    @Test("Other requests get their status", arguments: OtherRequests.all)
    func otherRequests(request: String, status: Int) async throws {
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens)
            let answered = try self.status(request, server)
            #expect(answered == status)
            #expect(server.recorder.batches() == [])
        }
    }

    @Test(
        "A page of another origin is refused, one of ours and none at all are not",
        arguments: [
            (["Origin: https://app.example"], 101), (["origin: HTTPS://APP.EXAMPLE"], 101), ([], 101),
            (["Origin: https://evil.example"], 403), (["Origin: null"], 403),
            (["Origin: https://app.example.evil.example"], 403),
            (["Origin: https://app.example", "Origin: https://evil.example"], 403),
        ]
    )
    func origins(headers: [String], status: Int) async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens) {
                $0.allowedOrigins = ["http://localhost:3000", "https://App.example"]
            }
            let answered = try self.status(UpgradeText.request(token: token, headers: headers), server)
            #expect(answered == status)
        }
    }

    @Test("A user has so many sockets and no more, however the id is spelled") func socketsPerUser() async throws {
        let number = try await TokenFactory.goodToken(user: "7")
        let text = try await TokenFactory.goodToken(user: #""7""#)
        let other = try await TokenFactory.goodToken(user: "8")
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens) { $0.limits.socketsPerUser = 2 }
            let (first, _) = try server.connectWebSocket(token: number)
            _ = try server.connectWebSocket(token: text)
            #expect(try self.status(UpgradeText.request(token: number), server) == 429)
            #expect(try self.status(UpgradeText.request(token: text), server) == 429)
            #expect(try self.status(UpgradeText.request(token: other), server) == 101)
            #expect(server.server.connectionCount == 3)
            first.channel.close(promise: nil)
            server.loop.run()
            #expect(server.server.connectionCount == 2)
            #expect(try self.status(UpgradeText.request(token: number), server) == 101)
        }
    }

    @Test("A loop has so many connections without an upgrade, and takes the next one once one of them is gone")
    func handshakes() async throws {
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens) { $0.limits.handshakes = 2 }
            _ = try server.connect()
            let second = try server.connect()
            #expect(throws: (any Error).self) { try server.connect() }
            second.channel.close(promise: nil)
            server.loop.run()
            _ = try server.connect()
        }
    }

    @Test("A request for another path is told where the socket is") func otherPath() async throws {
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let answer = try self.answer(UpgradeText.request(path: "/ws"), EmbeddedServer(tokens))
            #expect(answer.text.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            #expect(answer.text.hasSuffix("\r\n\r\nNot Found: the apps' WebSocket is at /ws/call/?token=<token>.\n"))
        }
    }

    @Test("The server has so many sockets and no more") func allSockets() async throws {
        let first = try await TokenFactory.goodToken(user: "7")
        let second = try await TokenFactory.goodToken(user: "8")
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens) { $0.limits.connections = 1 }
            _ = try server.connectWebSocket(token: first)
            #expect(try self.status(UpgradeText.request(token: second), server) == 503)
        }
    }

    @Test(
        "A handshake that does not get on is ended in time",
        arguments: ["", "GET /ws/call/?token=", "GET / HTTP/1.1\r\nHost: x\r\n"]
    )
    func slowHandshake(start: String) async throws {
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens)
            let client = try server.connect()
            try client.send(text: start)
            server.loop.advanceTime(by: .milliseconds(9999))
            #expect(client.channel.isActive)
            // A byte now and then does not help.
            try client.send(text: "x")
            server.loop.advanceTime(by: .milliseconds(1))
            #expect(!client.channel.isActive)
        }
    }

    @Test("The handshake's time does not count against the socket") func timeoutEnds() async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens)
            let (client, _) = try server.connectWebSocket(token: token)
            server.loop.advanceTime(by: .seconds(11))
            #expect(client.channel.isActive)
        }
    }

    @Test("Frames that come with the request, in pieces of any size, are not lost", arguments: [1, 2, 7, 10_000])
    func earlyFrames(size: Int) async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try Self.synchronously {
            let server = EmbeddedServer(tokens)
            let client = try server.connect()
            let frames = ClientFrame.text(#"{"action":"hang_up","peer_id":8}"#) + ClientFrame.text("oops")
            let bytes = Array(UpgradeText.request(token: token).utf8) + frames
            for start in stride(from: 0, to: bytes.count, by: size) {
                try client.send(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            server.loop.run()
            let id = ConnectionID(rawValue: 1 << 10)
            let inbound = server.recorder.take()
            guard case .connected(id, _, .baseline) = inbound.first else {
                Issue.record("not connected")
                return
            }
            #expect(
                Array(inbound.dropFirst()) == [
                    .received(id, ClientRequest(action: .hangUp(callID: nil, peerID: .number("8"))))
                ]
            )
            let answer = String(decoding: try client.received(), as: UTF8.self)
            #expect(answer.contains(#""code":"bad_json""#))
        }
    }

    /// Runs `body` on one thread, as a loop in memory wants it.
    static func synchronously(_ body: () throws -> Void) rethrows { try body() }
}

/// Requests for something else than a WebSocket, or in broken HTTP.
private enum OtherRequests {
    static let all: [(String, Int)] = {
        let long = String(repeating: "x", count: 20_000)
        var all: [(String, Int)] = []
        for path in ["/x", "/ws", "/ws/call/x", "/WS/CALL/", "*"] { all.append((UpgradeText.request(path: path), 404)) }
        for left in ["Upgrade", "Connection", "Sec-WebSocket-Version"] {
            all.append((UpgradeText.request(without: left), 426))
        }
        all.append((UpgradeText.request(headers: ["Sec-WebSocket-Version: 8"], without: "Sec-WebSocket-Version"), 426))
        all.append(("GET /x HTTP/1.1\r\nHost: x\r\n\r\n", 404))
        all.append(("GET /ws/call/ HTTP/1.1\r\nHost: x\r\n\r\n", 426))
        all.append((UpgradeText.request(method: "POST"), 405))
        all.append((UpgradeText.request(without: "Sec-WebSocket-Key"), 400))
        all.append(("nonsense\r\n\r\n", 400))
        all.append(("\u{16}\u{3}\u{1}\0\0", 400))
        all.append((UpgradeText.request(headers: ["X: " + long]), 431))
        all.append(("GET /" + long, 431))
        all.append((UpgradeText.request(headers: ["Content-Length: 100000"], without: "Upgrade") + long, 431))
        return all
    }()
}
