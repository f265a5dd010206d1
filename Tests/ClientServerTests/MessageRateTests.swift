import ClientProtocol
import ClientServer
import NIOCore
import NIOEmbedded
import Testing

@Suite("The rate of a client's messages") struct MessageRateTests {
    @Test("Beyond the burst a message gets rate_limited, and time makes good again") func rate() async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens) {
                $0.limits.messagesPerSecond = 10
                $0.limits.messageBurst = 3
            }
            let (client, id) = try server.connectWebSocket(token: token)
            let hangUp = ClientFrame.text(#"{"action":"hang_up","peer_id":8}"#)
            let request = ClientInbound.received(id, ClientRequest(action: .hangUp(callID: nil, peerID: .number("8"))))
            try client.send((1...5).flatMap { _ in hangUp })
            #expect(server.recorder.take() == [request, request, request])
            #expect(try client.frames().map(\.errorCode) == ["rate_limited", "rate_limited"])
            server.loop.advanceTime(by: .milliseconds(100))
            try client.send(hangUp + hangUp)
            #expect(server.recorder.take() == [request])
            #expect(try client.frames().map(\.errorCode) == ["rate_limited"])
            server.loop.advanceTime(by: .milliseconds(400))
            try client.send((1...3).flatMap { _ in hangUp })
            #expect(server.recorder.take() == [request, request, request])
            #expect(try client.frames() == [])
        }
    }
}
