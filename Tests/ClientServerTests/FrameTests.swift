import ClientProtocol
import ClientServer
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@Suite("Frames of a client") struct FrameTests {
    private static let hangUp = #"{"action":"hang_up","peer_id":8}"#
    private static let request = ClientRequest(action: .hangUp(callID: nil, peerID: .number("8")))

    /// One upgraded socket, its id, and the server, whose limit is 1000 bytes a message.
    private func withSocket(
        _ change: (inout ClientServerConfiguration) -> Void = { _ in },
        _ body: (EmbeddedServer, EmbeddedClient, ConnectionID) throws -> Void
    ) async throws {
        let token = try await TokenFactory.goodToken()
        let tokens = try await TokenFactory.verifier()
        try UpgradeTests.synchronously {
            let server = EmbeddedServer(tokens, change)
            let (client, id) = try server.connectWebSocket(token: token)
            try body(server, client, id)
        }
    }

    @Test("Messages of one burst are handed over in one batch, in order") func batch() async throws {
        try await self.withSocket { server, client, id in
            try client.send((1...3).flatMap { ClientFrame.text(#"{"action":"start_call","callee_id":\#($0)}"#) })
            #expect(
                server.recorder.batches() == [
                    (1...3).map {
                        .received(id, ClientRequest(action: .startCall(calleeID: .number("\($0)"), offer: nil)))
                    }
                ]
            )
        }
    }

    @Test("Events are written in order, and flushed once for each socket and batch") func events() async throws {
        try await self.withSocket { server, client, id in
            let events = (1...3).map { ClientEvent.callAnswered(callID: "c\($0)", calleeID: .number("8")) }
            let big = ClientEvent.callOffer(
                callID: "c",
                callerID: .number("8"),
                offer: .sessionDescription(type: "offer", sdp: Array(repeating: 0x61, count: 70_000))
            )
            let unknown = ConnectionID(rawValue: 99 << 10)
            let elsewhere = ConnectionID(rawValue: 1 << 10 | 5)
            server.server.deliver(
                [
                    .send(unknown, .ok(requestID: JSONFragment(utf8: [0x31]))), .send(id, events[0]),
                    .send(id, events[1]),
                    .send(elsewhere, events[0]), .send(id, events[2]), .send(id, big),
                ])
            let buffers = try #require(try client.channel.readOutbound(as: ByteBuffer.self))
            #expect(try client.channel.readOutbound(as: ByteBuffer.self) == nil)
            #expect(ServerFrame.all(in: Array(buffers.readableBytesView)) == (events + [big]).map { .event($0) })
        }
    }

    @Test("A fragmented message is one message, and control frames may stand inside") func fragments() async throws {
        try await self.withSocket { server, client, id in
            let bytes = Array(Self.hangUp.utf8)
            try client.send(ClientFrame.make(0x01, Array(bytes[..<5])))
            try client.send(ClientFrame.make(0x89, [1, 2]))
            try client.send(ClientFrame.make(0x00, []))
            try client.send(ClientFrame.make(0x80, Array(bytes[5...])))
            #expect(server.recorder.take() == [.received(id, Self.request)])
            #expect(try client.frames() == [.pong([1, 2])])
        }
    }

    @Test("Every length of payload is unmasked right", arguments: [0, 1, 3, 7, 8, 9, 15, 16, 125, 126, 127, 500, 999])
    func lengths(count: Int) async throws {
        try await self.withSocket { server, client, id in
            let name = String((0..<max(0, count - 14)).map { Character(Unicode.Scalar(UInt8(0x61 + $0 % 26))) })
            let text = count < 14 ? String(repeating: " ", count: count) : #"{"action":"\#(name)"}"#
            for mask in [ClientFrame.mask, [0, 0, 0, 0], [255, 0, 1, 128]] as [[UInt8]] {
                try client.send(ClientFrame.make(0x81, Array(text.utf8), mask: mask))
            }
            let codes = try client.frames().map(\.errorCode)
            #expect(codes == Array(repeating: count < 14 ? "bad_json" : "unknown_action", count: 3))
            #expect(server.recorder.batches() == [])
        }
    }

    @Test("A message that is too big is refused, and the socket stays") func tooBig() async throws {
        try await self.withSocket { server, client, id in
            let big = ClientFrame.text(String(repeating: "x", count: 1001))
            let edge =
                #"{"action":"hang_up","peer_id":8}"# + String(repeating: " ", count: 1000 - Self.hangUp.utf8.count)
            // One frame; many fragments; the largest that is borne; then the largest that is taken.
            try client.send(big)
            for _ in 0..<2 {
                try client.send(
                    ClientFrame.make(0x01, Array(repeating: 0x78, count: 400))
                        + ClientFrame.make(0x00, Array(repeating: 0x78, count: 601)) + ClientFrame.make(0x80, [])
                )
            }
            try client.send(ClientFrame.make(0x82, Array(repeating: 0, count: 16_000)))
            try client.send(ClientFrame.text(edge))
            #expect(try client.frames().map(\.errorCode) == Array(repeating: "message_too_big", count: 4))
            #expect(server.recorder.take() == [.received(id, Self.request)])
        }
    }

    @Test("Of a message that is too big nothing is kept while it comes in") func tooBigInPieces() async throws {
        try await self.withSocket { server, client, _ in
            for byte in ClientFrame.text(String(repeating: "x", count: 3000)) { try client.send([byte]) }
            try client.send(ClientFrame.make(0x89, []))
            #expect(try client.frames().map(\.opcode) == [1, 10])
        }
    }

    @Test(
        "A message of more than 16 times the limit closes the socket",
        arguments: [
            [ClientFrame.make(0x81, [], claimedLength: 16_001)], [ClientFrame.make(0x81, [], claimedLength: Int.max)],
            [ClientFrame.make(0x01, Array(repeating: 0x78, count: 15_999)), ClientFrame.make(0x80, [0x78, 0x78])],
            [ClientFrame.make(0x01, [0x78]), ClientFrame.make(0x80, [], claimedLength: Int.max)],
        ]
    )
    func farTooBig(frames: [[UInt8]]) async throws {
        try await self.withSocket { server, client, id in
            for frame in frames { try client.send(frame) }
            #expect(try client.frames() == [.close(1009)])
            #expect(server.recorder.take() == [.disconnected(id)])
        }
    }

    @Test(
        "Text that is no UTF-8 closes with 1007, whole or in fragments",
        arguments: [
            [ClientFrame.make(0x81, [0x22, 0xC3, 0x28, 0x22])],
            [ClientFrame.make(0x01, [0x22, 0xE2, 0x82]), ClientFrame.make(0x80, [0x22])],
            [ClientFrame.make(0x88, [0x03, 0xE8, 0xFF])],
        ]
    )
    func invalidUTF8(frames: [[UInt8]]) async throws {
        try await self.withSocket { server, client, id in
            for frame in frames { try client.send(frame) }
            #expect(try client.frames() == [.close(1007)])
            #expect(server.recorder.take() == [.disconnected(id)])
        }
    }

    @Test("A character may be cut by a fragment's edge") func cutCharacter() async throws {
        try await self.withSocket { server, client, id in
            let bytes = Array(#"{"action":"start_call","callee_id":"é😀"}"#.utf8)
            try client.send(ClientFrame.make(0x01, Array(bytes[..<37])))
            try client.send(ClientFrame.make(0x00, Array(bytes[37..<40])))
            try client.send(ClientFrame.make(0x80, Array(bytes[40...])))
            #expect(
                server.recorder.take() == [
                    .received(id, ClientRequest(action: .startCall(calleeID: .string("é😀"), offer: nil)))
                ]
            )
        }
    }

    @Test("A binary message gets one error, and the socket stays") func binary() async throws {
        try await self.withSocket { server, client, id in
            try client.send(ClientFrame.make(0x82, Array(Self.hangUp.utf8)))
            try client.send(ClientFrame.make(0x02, [0xFF]) + ClientFrame.make(0x80, [0xFF]))
            try client.send(ClientFrame.text(Self.hangUp))
            #expect(try client.frames().map(\.errorCode) == ["bad_message", "bad_message"])
            #expect(server.recorder.take() == [.received(id, Self.request)])
        }
    }

    @Test("Errors of the edge are said directly, and what is good is taken") func edgeErrors() async throws {
        try await self.withSocket { server, client, id in
            try client.send(
                ClientFrame.text("{") + ClientFrame.text(#"{"action":"fly","request_id":5}"#)
                    + ClientFrame.text(Self.hangUp)
                    + ClientFrame.text(#"{"action":"start_call","callee_id":""}"#)
            )
            #expect(try client.frames().map(\.errorCode) == ["bad_json", "unknown_action", "bad_message"])
            #expect(server.recorder.take() == [.received(id, Self.request)])
        }
    }

    @Test(
        "A ping is answered with its own payload",
        arguments: [[], [0], Array(repeating: 0xFF, count: 125)] as [[UInt8]]
    )
    func ping(payload: [UInt8]) async throws {
        try await self.withSocket { _, client, _ in
            try client.send(ClientFrame.make(0x89, payload) + ClientFrame.make(0x8A, [1]))
            #expect(try client.frames() == [.pong(payload)])
        }
    }

    @Test("A frame against RFC 6455 closes with 1002", arguments: Violations.all)
    func violations(bytes: [UInt8]) async throws {
        try await self.withSocket { server, client, id in
            try client.send(bytes + ClientFrame.text(Self.hangUp))
            #expect(try client.frames() == [.close(1002)])
            #expect(server.recorder.take() == [.disconnected(id)])
            try client.send(ClientFrame.text(Self.hangUp))
            server.loop.advanceTime(by: .seconds(7))
            #expect(!client.channel.isActive)
            #expect(server.recorder.take() == [])
            #expect(server.server.connectionCount == 0)
        }
    }

    @Test(
        "A client's close is echoed and ends the connection, and nothing follows",
        arguments: [
            (ClientFrame.close(1000), 1000), (ClientFrame.close(1001), 1001), (ClientFrame.close(4000), 4000),
            (ClientFrame.make(0x88, []), 1000), (ClientFrame.make(0x88, [0x03, 0xE8] + Array("bye é".utf8)), 1000),
        ] as [([UInt8], UInt16)]
    )
    func clientCloses(frame: [UInt8], code: UInt16) async throws {
        try await self.withSocket { server, client, id in
            try client.send(ClientFrame.text(Self.hangUp) + frame + ClientFrame.text(Self.hangUp))
            server.loop.run()
            #expect(try client.frames() == [.close(code)])
            #expect(!client.channel.isActive)
            #expect(server.recorder.take() == [.received(id, Self.request), .disconnected(id)])
            server.server.deliver([
                .send(id, .callAnswered(callID: "c", calleeID: .number("8"))), .close(id, .goingAway),
            ])
            server.loop.run()
            #expect(server.recorder.take() == [])
        }
    }

    @Test(
        "An order to close says why, waits for the echo, and takes nothing more",
        arguments: [
            (ClientClose.goingAway, 1001), (.policyViolation, 1008), (.tokenExpired, 4401),
        ] as [(ClientClose, UInt16)]
    )
    func serverCloses(close: ClientClose, code: UInt16) async throws {
        try await self.withSocket { server, client, id in
            let event = ClientEvent.callAnswered(callID: "c", calleeID: .number("8"))
            server.server.deliver([.send(id, event), .close(id, close), .send(id, event)])
            server.loop.run()
            #expect(try client.frames() == [.event(event), .close(code)])
            #expect(server.recorder.take() == [.disconnected(id)])
            try client.send(ClientFrame.text(Self.hangUp) + ClientFrame.make(0x89, []))
            #expect(client.channel.isActive)
            try client.send(ClientFrame.close(code))
            #expect(!client.channel.isActive)
            #expect(try client.frames() == [])
            #expect(server.recorder.take() == [])
        }
    }

    @Test("A client that does not answer a close is dropped in time") func closeTimeout() async throws {
        try await self.withSocket { server, client, id in
            server.server.deliver([.close(id, .goingAway)])
            server.loop.advanceTime(by: .seconds(4))
            #expect(client.channel.isActive)
            server.loop.advanceTime(by: .seconds(3))
            #expect(!client.channel.isActive)
            #expect(server.server.connectionCount == 0)
        }
    }

    @Test("The end of a connection is said once") func abruptEnd() async throws {
        try await self.withSocket { server, client, id in
            try client.send(Array(ClientFrame.text(Self.hangUp).dropLast()))
            client.channel.close(promise: nil)
            server.loop.run()
            #expect(server.recorder.take() == [.disconnected(id)])
            server.loop.advanceTime(by: .seconds(60))
            #expect(server.recorder.take() == [])
            #expect(server.server.connectionCount == 0)
        }
    }

    @Test("Each socket is pinged once an interval") func pings() async throws {
        try await self.withSocket { server, client, _ in
            for _ in 0..<4 {
                server.loop.advanceTime(by: .seconds(25))
                #expect(try client.frames() == [.ping])
                try client.send(ClientFrame.make(0x8A, []))
            }
            #expect(client.channel.isActive)
        }
    }

    @Test("Who misses two pings is dropped when the third is due, and not before") func missedPings() async throws {
        try await self.withSocket { server, client, id in
            server.loop.advanceTime(by: .seconds(25))
            server.loop.advanceTime(by: .seconds(25))
            let frames = try client.frames()
            #expect(frames == [.ping, .ping])
            #expect(client.channel.isActive)
            #expect(server.recorder.take() == [])
            server.loop.advanceTime(by: .seconds(25))
            #expect(!client.channel.isActive)
            #expect(server.recorder.take() == [.disconnected(id)])
            #expect(server.server.counters.silentSocketsDropped.load(ordering: .relaxed) == 1)
        }
    }

    @Test("Who misses one ping in two stays") func everySecondPing() async throws {
        try await self.withSocket { server, client, _ in
            for _ in 0..<6 {
                server.loop.advanceTime(by: .seconds(50))
                try client.send(ClientFrame.make(0x8A, []))
            }
            #expect(client.channel.isActive)
        }
    }

    @Test("A client that does not take its messages is dropped") func slowClient() async throws {
        try await self.withSocket { server, client, id in
            client.channel.isWritable = false
            server.server.deliver([.send(id, .callAnswered(callID: "c", calleeID: .number("8")))])
            server.loop.run()
            #expect(!client.channel.isActive)
            #expect(server.recorder.take() == [.disconnected(id)])
            #expect(server.server.counters.slowSocketsDropped.load(ordering: .relaxed) == 1)
        }
    }

    @Test("Frames that come byte by byte are the same frames") func byteByByte() async throws {
        try await self.withSocket { server, client, id in
            let bytes =
                ClientFrame.text(Self.hangUp) + ClientFrame.make(0x89, [7])
                + ClientFrame.make(0x01, Array(Self.hangUp.utf8))
                + ClientFrame.make(0x80, []) + ClientFrame.text(Self.hangUp + String(repeating: " ", count: 300))
                + ClientFrame.text("x")
            for byte in bytes { try client.send([byte]) }
            #expect(server.recorder.take() == Array(repeating: .received(id, Self.request), count: 3))
            #expect(try client.frames().map(\.opcode) == [10, 1])
        }
    }

    @Test("Garbage never stops the process, and a connection is ended at most once", arguments: 0..<50 as Range<UInt64>)
    func garbage(seed: UInt64) async throws {
        try await self.withSocket { server, client, id in
            var random = SplitMix(state: seed)
            for _ in 0..<40 {
                var bytes: [UInt8] = []
                switch random.next() % 4 {
                case 0: bytes = (0..<random.next() % 64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                case 1:
                    bytes = ClientFrame.text(Self.hangUp)
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                case 2: bytes = ClientFrame.make(UInt8(truncatingIfNeeded: random.next()) & 0x8F, [3, 0xE8, 0x61])
                default: bytes = ClientFrame.text(Self.hangUp)
                }
                try client.send(bytes)
            }
            server.loop.advanceTime(by: .seconds(200))
            #expect(!client.channel.isActive)
            #expect(server.recorder.take().count { $0 == .disconnected(id) } == 1)
            #expect(server.server.connectionCount == 0)
        }
    }
}

/// Frames against RFC 6455 §5.
private enum Violations {
    static let all: [[UInt8]] = {
        // Unmasked; lengths in more bytes than needed; the top bit of a length; another protocol.
        var all: [[UInt8]] = [
            [0x81, 0x02, 0x7B, 0x7D], [0x81, 0xFE, 0x00, 0x05, 0, 0, 0, 0],
            [0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0], [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ]
        // Reserved bits, reserved opcodes, nothing to continue, a fragmented ping, a close with half a code.
        let firsts: [UInt8] = [0xC1, 0xA1, 0x91, 0x83, 0x8B, 0x8F, 0x80, 0x09]
        all += firsts.map { ClientFrame.make($0, []) }
        all.append(ClientFrame.make(0x88, [3]))
        // A message inside a message, and a long ping.
        all.append(ClientFrame.make(0x01, [0x7B]) + ClientFrame.make(0x81, [0x7D]))
        all.append(ClientFrame.make(0x89, Array(repeating: 0, count: 126)))
        let codes: [UInt16] = [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]
        all += codes.map { ClientFrame.close($0) }
        return all
    }()
}

/// A small generator of numbers that look random, the same for the same seed.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
