import DemoPhone
import NIOCore
import NIOPosix
import SIPCore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallTests {
    /// An RTP packet as a peer writes it.
    static func packet(_ payloadType: UInt8, sequence: UInt8, timestamp: UInt8, payload: [UInt8]) -> [UInt8] {
        [0x80, payloadType, 0x10, sequence, 0, 0, 0x20, timestamp, 0xCA, 0xFE, 0xCA, 0xFE] + payload
    }

    /// Hangs up, and waits for the response.
    private static func bye(_ caller: Caller, _ number: String, _ tag: String) async throws {
        try await caller.send("BYE", to: number, sequence: 90, tag: tag)
        let response = try await caller.response()
        #expect(response.status == 200)
        #expect(response.method == "BYE")
    }

    @Test("600 sends back each packet of the call's formats under a source of its own") func echo() async throws {
        try await Caller.with { caller, phone in
            let offer = caller.sdp("0 101", "a=rtpmap:101 telephone-event/8000", "a=ptime:20")
            let response = try await caller.call("600", sdp: offer)
            #expect(response.status == 200)
            let port = try response.mediaPort
            #expect(
                response.lines.dropFirst(5) == [
                    "m=audio \(port) RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000",
                    "a=rtpmap:101 telephone-event/8000", "a=ptime:20", "a=sendrecv",
                ]
            )
            // An RTCP report, a format that nobody spoke of, and noise are not for an echo.
            try await caller.rtp.send([0x80, 200] + [UInt8](repeating: 0, count: 26), to: port)
            try await caller.rtp.send(Self.packet(3, sequence: 0, timestamp: 0, payload: [9]), to: port)
            try await caller.rtp.send([0x80], to: port)
            try await caller.rtp.send(Self.packet(0, sequence: 1, timestamp: 0, payload: [1, 2, 3]), to: port)
            try await caller.rtp.send(Self.packet(101, sequence: 3, timestamp: 160, payload: [5, 0, 0, 0]), to: port)
            let first = try #require(RTPPacket(ByteBuffer(bytes: try await caller.rtp.inbox.next())))
            let second = try #require(RTPPacket(ByteBuffer(bytes: try await caller.rtp.inbox.next())))
            #expect(first.source != 0xCAFE_CAFE)
            #expect(first.payloadType == 0)
            #expect(first.payload == ByteBuffer(bytes: [1, 2, 3]))
            #expect(
                second
                    == RTPPacket(
                        isMarked: false,
                        payloadType: 101,
                        sequence: first.sequence &+ 2,
                        timestamp: first.timestamp &+ 160,
                        source: first.source,
                        payload: ByteBuffer(bytes: [5, 0, 0, 0])
                    )
            )
            #expect(try await phone.callCount() == 1)
            try await Self.bye(caller, "600", response.toTag)
            #expect(try await phone.callCount() == 0)
            // The port is free again.
            let taken = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: Int(port)).get()
            try await taken.close()
        }
    }

    @Test("601 plays 160 samples every 20 ms, and prefers PCMU") func tone() async throws {
        try await Caller.with { caller, _ in
            let start = NIODeadline.now()
            let response = try await caller.call("601", sdp: caller.sdp("8 0"))
            #expect(response.lines.contains { $0.hasSuffix(" RTP/AVP 0") })
            var packets: [RTPPacket] = []
            for bytes in try await caller.rtp.inbox.next(6) {
                packets.append(try #require(RTPPacket(ByteBuffer(bytes: bytes))))
            }
            // Five intervals: more where the machine is busy, never less.
            #expect(NIODeadline.now() - start >= .milliseconds(100))
            for (index, packet) in packets.enumerated() {
                #expect(packet.isMarked == (index == 0))
                #expect(packet.payloadType == 0)
                #expect(packet.sequence == packets[0].sequence &+ UInt16(index))
                #expect(packet.source == packets[0].source)
                #expect(packet.payload.readableBytes == 160)
            }
            // A period is 200 samples: the sixth packet begins where the first did.
            #expect(packets[5].payload == packets[0].payload)
            #expect(packets[1].payload != packets[0].payload)
            try await Self.bye(caller, "601", response.toTag)
        }
    }

    @Test("601 is silent on hold and goes on afterwards") func hold() async throws {
        try await Caller.with { caller, _ in
            let first = try await caller.call("601", sdp: caller.sdp("0"))
            _ = try await caller.rtp.inbox.next(2)
            let held = try await caller.call(
                "601",
                sdp: caller.sdp("0", "a=sendonly"),
                sequence: 2,
                tag: first.toTag
            )
            #expect(held.lines.contains("a=recvonly"))
            #expect(held.lines[1].split(separator: " ")[2] == "2")
            // Resumed at another address: what still comes at the first one came before the hold.
            let moved = try await UDPSocket()
            let resumed = try await caller.call(
                "601",
                sdp: caller.sdp("0").replacing("m=audio \(caller.rtp.port)", with: "m=audio \(moved.port)"),
                sequence: 3,
                tag: first.toTag
            )
            #expect(resumed.lines.contains("a=sendrecv"))
            let ports = try (first.mediaPort, resumed.mediaPort)
            #expect(ports.0 == ports.1)
            let packet = try #require(RTPPacket(ByteBuffer(bytes: try await moved.inbox.next())))
            #expect(packet.payloadType == 0)
            try await Self.bye(caller, "601", first.toTag)
            try await moved.close()
        }
    }

    @Test("100 goes out before 200, though the socket is open at once") func order() async throws {
        try await Caller.with { caller, _ in
            try await caller.send("INVITE", to: "600", sequence: 1, sdp: caller.sdp("0"))
            let lines = try await caller.sip.inbox.next(2).map {
                String(decoding: $0, as: UTF8.self).split(separator: "\r\n").first
            }
            #expect(lines == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"])
        }
    }

    @Test(
        "A number answers as it is described",
        arguments: [("602", 486), ("604", 404), ("60", 404), ("bob", 404)]
    )
    func refused(_ number: String, _ status: Int) async throws {
        try await Caller.with { caller, phone in
            let response = try await caller.call(number, sdp: caller.sdp("0"))
            let count = try await phone.callCount()
            #expect(response.status == status)
            #expect(count == 0)
        }
    }

    @Test("603 rings until its caller gives up") func unanswered() async throws {
        try await Caller.with { caller, phone in
            try await caller.send("INVITE", to: "603", sequence: 1, sdp: caller.sdp("0"))
            #expect(try await caller.response().status == 180)
            #expect(try await phone.callCount() == 1)
            try await caller.send("CANCEL", to: "603", sequence: 1)
            let responses = [try await caller.response(), try await caller.response()]
            #expect(Set(responses.map { "\($0.status) \($0.method)" }) == ["200 CANCEL", "487 INVITE"])
            #expect(try await phone.callCount() == 0)
        }
    }

    @Test("603 doesn't ring for ever") func ringTime() async throws {
        var configuration = DemoPhone.Configuration()
        configuration.ringTime = .milliseconds(20)
        try await Caller.with(configuration) { caller, phone in
            try await caller.send("INVITE", to: "603", sequence: 1, sdp: caller.sdp("0"))
            #expect(try await caller.response().status == 180)
            #expect(try await caller.response().status == 480)
            #expect(try await phone.callCount() == 0)
        }
    }

    @Test("The phone hangs up when a call has lasted long enough") func callTime() async throws {
        var configuration = DemoPhone.Configuration()
        configuration.callTime = .milliseconds(50)
        try await Caller.with(configuration) { caller, phone in
            #expect(try await caller.call("600", sdp: caller.sdp("0")).status == 200)
            let request = String(decoding: try await caller.sip.inbox.next(), as: UTF8.self)
            #expect(request.hasPrefix("BYE sip:caller@127.0.0.1:\(caller.sip.port) SIP/2.0\r\n"))
            #expect(try await phone.callCount() == 0)
        }
    }

    @Test("An offer without a format for the number is refused", arguments: [("600", "3"), ("601", "9")])
    func notAcceptable(_ number: String, _ formats: String) async throws {
        try await Caller.with { caller, phone in
            let response = try await caller.call(number, sdp: caller.sdp(formats))
            #expect(response.status == 488)
            #expect(response.fields["Warning"]?.contains("No audio that this number can answer") == true)
            #expect(try await phone.callCount() == 0)
        }
    }

    @Test("A re-INVITE that can't be answered leaves the call as it was") func refusedReinvite() async throws {
        try await Caller.with { caller, _ in
            let first = try await caller.call("600", sdp: caller.sdp("0"))
            let second = try await caller.call("600", sdp: caller.sdp("3"), sequence: 2, tag: first.toTag)
            #expect(second.status == 488)
            try await caller.rtp.send(
                Self.packet(0, sequence: 1, timestamp: 0, payload: [7]),
                to: try first.mediaPort
            )
            let echo = RTPPacket(ByteBuffer(bytes: try await caller.rtp.inbox.next()))
            #expect(echo?.payload == ByteBuffer(bytes: [7]))
        }
    }

    @Test("An INVITE without an offer gets one, and the ACK's answer counts") func offerless() async throws {
        try await Caller.with { caller, _ in
            let response = try await caller.call("600", sdp: nil, answer: caller.sdp("0"))
            #expect(response.lines.contains { $0.hasSuffix(" RTP/AVP 0 101") })
            try await caller.rtp.send(
                Self.packet(0, sequence: 1, timestamp: 0, payload: [8]),
                to: try response.mediaPort
            )
            let echo = RTPPacket(ByteBuffer(bytes: try await caller.rtp.inbox.next()))
            #expect(echo?.payload == ByteBuffer(bytes: [8]))
        }
    }

    @Test("An ACK that owes an answer and has none ends the call") func answerless() async throws {
        try await Caller.with { caller, phone in
            _ = try await caller.call("601", sdp: nil)
            let request = String(decoding: try await caller.sip.inbox.next(), as: UTF8.self)
            #expect(request.hasPrefix("BYE "))
            #expect(try await phone.callCount() == 0)
        }
    }

    @Test("One call too many is refused") func bounded() async throws {
        var configuration = DemoPhone.Configuration()
        configuration.calls = 1
        try await Caller.with(configuration) { caller, phone in
            #expect(try await caller.call("600", sdp: caller.sdp("0")).status == 200)
            let other = Caller(sip: try await UDPSocket(), rtp: caller.rtp, phone: caller.phone)
            #expect(try await other.call("600", sdp: other.sdp("0")).status == 503)
            #expect(try await phone.callCount() == 1)
            try await other.sip.close()
        }
    }

    @Test("A phone that is shut down hangs up") func shutdown() async throws {
        try await Caller.with { caller, phone in
            #expect(try await caller.call("600", sdp: caller.sdp("0")).status == 200)
            // The phone has the ACK once it has an answer to what came after it.
            try await caller.send("OPTIONS", to: "600", sequence: 80)
            #expect(try await caller.response().status == 200)
            await phone.shutdown()
            let request = String(decoding: try await caller.sip.inbox.next(), as: UTF8.self)
            #expect(request.hasPrefix("BYE "))
        }
    }
}
