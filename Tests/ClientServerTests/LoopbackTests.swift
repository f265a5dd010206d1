import ClientProtocol
import ClientServer
import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

@Suite("The server on real sockets", .timeLimit(.minutes(2))) struct LoopbackTests {
    /// A server on two loops, and a stream of what it hands over.
    private struct Setup {
        let server: ClientServer
        let address: SocketAddress
        let group: MultiThreadedEventLoopGroup
        let inbound: AsyncStream<ClientInbound>

        init(_ change: (inout ClientServerConfiguration) -> Void = { _ in }) async throws {
            var configuration = ClientServerConfiguration(port: 0)
            change(&configuration)
            let (inbound, continuation) = AsyncStream.makeStream(of: ClientInbound.self)
            self.inbound = inbound
            self.group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            self.server = ClientServer(
                configuration: configuration,
                tokens: try await TokenFactory.verifier(),
                group: self.group,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                receive: { batch in
                    for value in batch { continuation.yield(value) }
                }
            )
            self.address = try await self.server.start()
        }

        func next() async -> ClientInbound? {
            for await value in self.inbound { return value }
            return nil
        }

        /// The id of the next connection.
        func connected() async -> ConnectionID? {
            guard case .connected(let id, _, _) = await self.next() else { return nil }
            return id
        }

        func end() async throws {
            await self.server.shutdown()
            try await self.group.shutdownGracefully()
        }
    }

    @Test("Text goes in and out in order, for clients on different loops") func order() async throws {
        let setup = try await Setup()
        var clients: [(LoopbackClient, ConnectionID)] = []
        for user in 1...4 {
            let client = try await LoopbackClient(setup.address)
            #expect(
                try await client.upgrade(token: try await TokenFactory.goodToken(user: "\(user)"))
                    == "HTTP/1.1 101 Switching Protocols"
            )
            clients.append((client, try #require(await setup.connected())))
        }
        #expect(Set(clients.map { $0.1.rawValue & 1023 }) == [0, 1])
        #expect(setup.server.connectionCount == 4)

        for (client, id) in clients {
            try await client.send((1...100).flatMap { ClientFrame.text(#"{"action":"hang_up","peer_id":\#($0)}"#) })
            for number in 1...100 {
                #expect(
                    await setup.next()
                        == .received(id, ClientRequest(action: .hangUp(callID: nil, peerID: .number("\(number)"))))
                )
            }
        }
        let events = (1...100).map { ClientEvent.callAnswered(callID: "c\($0)", calleeID: .number("8")) }
        setup.server.deliver(events.flatMap { event in clients.map { .send($0.1, event) } })
        for (client, _) in clients {
            for event in events { #expect(await client.next() == .frame(.event(event))) }
        }
        try await setup.end()
        #expect(setup.server.connectionCount == 0)
    }

    @Test("A connection that breaks is told once, and frees its place") func abruptEnd() async throws {
        let setup = try await Setup { $0.limits.socketsPerUser = 1 }
        let token = try await TokenFactory.goodToken()
        for _ in 0..<5 {
            let client = try await LoopbackClient(setup.address)
            #expect(try await client.upgrade(token: token) == "HTTP/1.1 101 Switching Protocols")
            let id = try #require(await setup.connected())
            // A reset, not an orderly end.
            try await (client.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await client.send(Array(ClientFrame.text("{}").dropLast()))
            try await client.channel.close().get()
            #expect(await setup.next() == .disconnected(id))
            while setup.server.connectionCount > 0 { await Task.yield() }
        }
        try await setup.end()
    }

    @Test("A refused client gets its answer and the end of the connection") func refusal() async throws {
        let setup = try await Setup()
        let client = try await LoopbackClient(setup.address)
        #expect(try await client.upgrade(token: "nonsense") == "HTTP/1.1 401 Unauthorized")
        try await setup.end()
    }

    @Test("A client that does not read is dropped, and the others hear everything") func slowReader() async throws {
        let setup = try await Setup { $0.limits.outboundBytes = 65_536 }
        let slow = try await LoopbackClient(setup.address, autoRead: false)
        try await slow.send(Array(UpgradeText.request(token: try await TokenFactory.goodToken(user: "1")).utf8))
        let slowID = try #require(await setup.connected())
        let quick = try await LoopbackClient(setup.address)
        _ = try await quick.upgrade(token: try await TokenFactory.goodToken(user: "2"))
        let quickID = try #require(await setup.connected())

        let event = ClientEvent.callOffer(
            callID: "c",
            callerID: .number("8"),
            offer: .sessionDescription(type: "offer", sdp: Array(repeating: 0x61, count: 60_000))
        )
        var sent = 0
        while setup.server.counters.slowSocketsDropped.load(ordering: .relaxed) == 0 {
            setup.server.deliver([.send(slowID, event), .send(quickID, event)])
            #expect(await quick.next() == .frame(.event(event)))
            sent += 1
            // The kernel's buffers take some megabytes, no more.
            try #require(sent < 2000)
        }
        #expect(await setup.next() == .disconnected(slowID))
        try await setup.end()
    }

    @Test("An order to close ends the connection with its code") func close() async throws {
        let setup = try await Setup()
        let client = try await LoopbackClient(setup.address)
        _ = try await client.upgrade(token: try await TokenFactory.goodToken())
        let id = try #require(await setup.connected())
        setup.server.deliver([.close(id, .tokenExpired)])
        #expect(await client.next() == .frame(.close(4401)))
        #expect(await setup.next() == .disconnected(id))
        try await client.send(ClientFrame.close(4401))
        #expect(await client.next() == .ended)
        try await setup.end()
    }

    @Test("After a violation the close frame arrives before the end") func violation() async throws {
        let setup = try await Setup()
        let client = try await LoopbackClient(setup.address)
        _ = try await client.upgrade(token: try await TokenFactory.goodToken())
        try await client.send([0xFF, 0xFF] + Array(repeating: 0, count: 10_000))
        #expect(await client.next() == .frame(.close(1002)))
        #expect(await client.next() == .ended)
        try await setup.end()
    }

    @Test("A draining server takes nobody in, and a shutdown says goodbye") func shutdown() async throws {
        let setup = try await Setup { $0.closeTimeout = .milliseconds(50) }
        let token = try await TokenFactory.goodToken()
        let client = try await LoopbackClient(setup.address)
        _ = try await client.upgrade(token: token)
        let id = try #require(await setup.connected())
        let early = try await LoopbackClient(setup.address)
        // Its request is half there when the doors close.
        let request = Array(UpgradeText.request(token: token).utf8)
        try await early.send(Array(request[..<50]))
        await setup.server.stopAccepting()
        await #expect(throws: (any Error).self) { try await LoopbackClient(setup.address) }
        try await early.send(Array(request[50...]))
        guard case .response(let answer) = await early.next() else {
            Issue.record("no answer")
            return
        }
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(setup.server.connectionCount == 1)
        async let end: Void = setup.end()
        #expect(await client.next() == .frame(.close(1001)))
        #expect(await setup.next() == .disconnected(id))
        try await end
        #expect(await client.next() == .ended)
        #expect(setup.server.connectionCount == 0)
    }

    @Test("With a certificate it is wss, and a new certificate serves new connections") func tls() async throws {
        let openssl = try OpenSSL()
        func makeCertificate() throws -> NIOSSLContext {
            try openssl.run(
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-keyout",
                "key.pem",
                "-out",
                "cert.pem",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost"
            )
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(openssl.path("cert.pem"))
            return try NIOSSLContext(configuration: configuration)
        }
        let trust = try makeCertificate()
        let paths = ClientServerConfiguration.TLS(
            certificatePath: openssl.path("cert.pem"),
            keyPath: openssl.path("key.pem")
        )
        let setup = try await Setup { $0.tls = paths }
        let token = try await TokenFactory.goodToken()
        let client = try await LoopbackClient(setup.address, tls: trust)
        #expect(try await client.upgrade(token: token) == "HTTP/1.1 101 Switching Protocols")
        let id = try #require(await setup.connected())
        try await client.send(ClientFrame.make(0x89, [5]))
        #expect(await client.next() == .frame(.pong([5])))
        let event = ClientEvent.callAnswered(callID: "c", calleeID: .number("8"))
        setup.server.deliver([.send(id, event)])
        #expect(await client.next() == .frame(.event(event)))

        let newTrust = try makeCertificate()
        try setup.server.reloadCertificates()
        let second = try await LoopbackClient(setup.address, tls: newTrust)
        #expect(try await second.upgrade(token: token) == "HTTP/1.1 101 Switching Protocols")
        _ = await setup.connected()

        // Who speaks no TLS gets nowhere.
        let plain = try await LoopbackClient(setup.address)
        #expect(try await plain.upgrade(token: token) == "")
        // A violation ends a TLS connection as it ends a plain one.
        try await client.send([0xFF, 0xFF])
        #expect(await client.next() == .frame(.close(1002)))
        #expect(await client.next() == .ended)
        try await setup.end()
    }

    @Test("A certificate that can't be read is found at start") func badCertificate() async throws {
        await #expect(throws: (any Error).self) {
            try await Setup { $0.tls = .init(certificatePath: "/nowhere/cert.pem", keyPath: "/nowhere/key.pem") }
        }
    }
}
