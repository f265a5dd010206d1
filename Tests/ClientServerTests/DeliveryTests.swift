import ClientProtocol
import ClientServer
import NIOEmbedded
import Synchronization
import Testing

@Suite("Orders that come within the call that hands something over") struct DeliveryTests {
    private static let events = (1...3).map { ClientEvent.callAnswered(callID: "c\($0)", calleeID: .number("8")) }

    @Test("What a new socket is told at once reaches it, in order") func toldAtOnce() async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens)
            server.reaction.orders.withLock {
                $0 = { inbound in
                    guard case .connected(let id, _, _) = inbound else { return [] }
                    return [
                        [.send(id, Self.events[0]), .send(id, Self.events[1])], [.send(id, Self.events[2])],
                    ]
                }
            }
            let client = try server.connect()
            try client.send(text: UpgradeText.request(token: token))
            server.loop.run()
            let bytes = try client.received()
            let end = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) })
            #expect(ServerFrame.all(in: Array(bytes[(end + 4)...])) == Self.events.map { .event($0) })
        }
    }

    @Test("What follows from an order comes behind the rest of its batch") func consequences() async throws {
        let tokens = try await TokenFactory.verifier()
        let staying = try await TokenFactory.goodToken(user: "1")
        let leaving = try await TokenFactory.goodToken(user: "2")
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens)
            let (client, id) = try server.connectWebSocket(token: staying)
            let (other, otherID) = try server.connectWebSocket(token: leaving)
            server.reaction.orders.withLock {
                $0 = { $0 == .disconnected(otherID) ? [[.send(id, Self.events[1])]] : [] }
            }
            server.server.deliver([.close(otherID, .tokenExpired), .send(id, Self.events[0])])
            server.loop.run()
            #expect(try client.frames() == Self.events[..<2].map { .event($0) })
            #expect(try other.frames() == [.close(4401)])
        }
    }
}
