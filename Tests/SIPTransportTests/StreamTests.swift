import NIOCore
import SIPCore
import SIPTransport
import TestSupport
import Testing

@Suite("TCP", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("A message comes in byte by byte", arguments: [0, 1]) func byteByByte(family: Int) async throws {
        try await withStation(.tcp, .tcp6, threads: 2) { station in
            let peer = try await RawStream.connect(to: station.listeners[family])
            for byte in Sample.request("slow", via: .tcp).text.unicodeScalars { try await peer.send(String(byte)) }
            let (message, flow) = try await station.message()
            #expect(message == Sample.request("slow", via: .tcp))
            #expect(flow.transport == .tcp)
            #expect(flow.remote == peer.address)
            #expect(flow.listener == UInt16(family))
            #expect(flow.connection != 0)
            try await peer.close()
            #expect(try await station.inbox.next() == .closed(flow))
        }
    }

    @Test("Two messages and a half in one segment come as two, the third when it is whole") func together() async throws
    {
        try await withStation(.tcp) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            let third = Sample.request("3", via: .tcp).text
            try await peer.send(
                Sample.request("1", via: .tcp).text + Sample.request("2", via: .tcp).text + third.prefix(60)
            )
            #expect(try await station.message().0 == Sample.request("1", via: .tcp))
            #expect(try await station.message().0 == Sample.request("2", via: .tcp))
            try await peer.send(String(third.dropFirst(60)))
            #expect(try await station.message().0 == Sample.request("3", via: .tcp))
            try await peer.close()
        }
    }

    @Test("A double CRLF is answered with a CRLF") func ping() async throws {
        try await withStation(.tcp) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            try await peer.send("\r\n\r\n")
            #expect(try await peer.receive(asMuchAs: "\r\n") == "\r\n")
            try await peer.send("\r\n\r\n" + Sample.request("after", via: .tcp).text)
            let (message, flow) = try await station.message()
            #expect(message == Sample.request("after", via: .tcp))
            station.send(Sample.response("after", via: .tcp), to: .flow(flow, fallback: station.target()))
            let expected = "\r\n" + Sample.response("after", via: .tcp).text
            #expect(try await peer.receive(asMuchAs: expected) == expected)
            try await peer.close()
        }
    }

    @Test(
        "A connection serves responses, requests that prefer it, and requests to its remote address",
        arguments: [1, 2]
    )
    func acceptedIsReused(threads: Int) async throws {
        try await withStation(.tcp, threads: threads) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            try await peer.send(Sample.request("in", via: .tcp).text)
            let (_, flow) = try await station.message()
            let elsewhere = SIPTarget(transport: .tcp, host: "192.0.2.1", port: 5060)
            let back = SIPTarget(transport: .tcp, host: peer.address.host, port: peer.address.port)
            station.send(Sample.response("in", via: .tcp), to: .flow(flow, fallback: elsewhere))
            station.send(Sample.request("1", via: .tcp), to: .target(elsewhere, preferring: flow))
            station.send(Sample.request("2", via: .tcp), to: .target(back, preferring: nil))
            let expected =
                Sample.response("in", via: .tcp).text + Sample.request("1", via: .tcp).text
                + Sample.request("2", via: .tcp).text
            #expect(try await peer.receive(asMuchAs: expected) == expected)
            #expect(station.transport.counts.connections == 1)
            try await peer.close()
        }
    }

    @Test("Requests to one target at once open one connection, and later ones use it", arguments: [1, 2])
    func oneConnection(threads: Int) async throws {
        try await withStation(.tcp, threads: threads) { station in
            let peer = try await RawListener()
            let outbound = (0..<5).map {
                Station.outbound(Sample.request("\($0)", via: .tcp), to: .target(peer.target, preferring: nil), as: "t")
            }
            station.transport.send(Array(outbound[..<3]))
            station.transport.send([outbound[3]])
            let stream = try await peer.accepted.next()
            let first = outbound[..<4].map { $0.message.text }.joined()
            #expect(try await stream.receive(asMuchAs: first) == first)
            station.transport.send([outbound[4]])
            #expect(try await stream.receive(asMuchAs: outbound[4].message.text) == outbound[4].message.text)
            // What comes back over it has its flow.
            try await stream.send(Sample.response("0", via: .tcp).text)
            let (message, flow) = try await station.message()
            #expect(message == Sample.response("0", via: .tcp))
            #expect(flow.remote == peer.address)
            #expect(station.transport.counts.connections == 1)
            try await peer.close()
        }
    }

    @Test("More than the bound do not wait for one connection") func queueBound() async throws {
        try await withStation(.tcp, tuning: .set(\.maximumQueuedMessages, 3)) { station in
            let peer = try await RawListener()
            station.transport.send(
                (0..<4).map {
                    Station.outbound(
                        Sample.request("\($0)", via: .tcp),
                        to: .target(peer.target, preferring: nil),
                        as: "t\($0)"
                    )
                }
            )
            #expect(try await station.inbox.next() == Station.failed("t3", .refused))
            let stream = try await peer.accepted.next()
            let expected = (0..<3).map { Sample.request("\($0)", via: .tcp).text }.joined()
            #expect(try await stream.receive(asMuchAs: expected) == expected)
            try await peer.close()
        }
    }

    @Test("Answers can be sent from where messages are received") func answerAtOnce() async throws {
        let answer: @Sendable (SIPInbound) -> SIPOutbound? = { inbound in
            guard case .message(let message, let flow) = inbound else { return nil }
            let nowhere = SIPTarget(transport: .tcp, host: "192.0.2.1", port: 5060)
            return Station.outbound(
                Sample.response(message.headers.callID, via: .tcp),
                to: .flow(flow, fallback: nowhere)
            )
        }
        try await withStation(.tcp, .udp, answer: answer) { station in
            let stream = try await RawStream.connect(to: station.listeners[0])
            try await stream.send(Sample.request("1", via: .tcp).text + Sample.request("2", via: .tcp).text)
            let expected = Sample.response("1", via: .tcp).text + Sample.response("2", via: .tcp).text
            #expect(try await stream.receive(asMuchAs: expected) == expected)
            let datagrams = try await RawDatagrams()
            try await datagrams.send(Sample.request("3").text, to: station.listeners[1])
            #expect(try await datagrams.inbox.next().text == Sample.response("3", via: .tcp).text)
            try await datagrams.close()
        }
    }

    @Test("A response whose connection is gone goes to its fallback", arguments: [1, 2])
    func fallback(threads: Int) async throws {
        try await withStation(.tcp, threads: threads) { station in
            let peer = try await RawListener()
            let stream = try await RawStream.connect(to: station.listeners[0])
            try await stream.send(Sample.request("in", via: .tcp).text)
            let (_, flow) = try await station.message()
            try await stream.close()
            #expect(try await station.inbox.next() == .closed(flow))
            station.send(Sample.response("in", via: .tcp), to: .flow(flow, fallback: peer.target))
            let second = try await peer.accepted.next()
            #expect(try await second.head() == Sample.response("in", via: .tcp).text)
            try await peer.close()
        }
    }

    @Test("A refused connection fails each request that waits for it", arguments: [1, 2])
    func refused(threads: Int) async throws {
        try await withStation(.tcp, threads: threads) { station in
            let peer = try await RawListener()
            try await peer.close()
            station.transport.send(
                ["t1", nil, "t2"].map {
                    Station.outbound(
                        Sample.request("no", via: .tcp),
                        to: .target(peer.target, preferring: nil),
                        as: $0
                    )
                }
            )
            #expect(
                try await station.inbox.next(2) == [Station.failed("t1", .refused), Station.failed("t2", .refused)]
            )
            #expect(station.transport.counts == SIPTransport.Counts(failed: 3))
        }
    }

    @Test("A connection that closed is opened anew, under another number, and is reported closed once")
    func reopened() async throws {
        try await withStation(.tcp) { station in
            let peer = try await RawListener()
            var flows: [SIPFlow] = []
            for callID in ["1", "2"] {
                station.send(Sample.request(callID, via: .tcp), to: .target(peer.target, preferring: nil), as: callID)
                let stream = try await peer.accepted.next()
                #expect(try await stream.head() == Sample.request(callID, via: .tcp).text)
                try await stream.send(Sample.response(callID, via: .tcp).text)
                let (message, flow) = try await station.message()
                #expect(message == Sample.response(callID, via: .tcp))
                try await stream.close()
                #expect(try await station.inbox.next() == .closed(flow))
                flows.append(flow)
            }
            #expect(flows[0].connection != flows[1].connection)
            try await peer.close()
        }
    }

    @Test(
        "What is no SIP ends its connection, and no other",
        arguments: [
            "hello\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        ]
    )
    func garbage(_ text: String) async throws {
        try await withStation(.tcp) { station in
            let other = try await RawStream.connect(to: station.listeners[0])
            let peer = try await RawStream.connect(to: station.listeners[0])
            try await peer.send(text)
            #expect(try await peer.end() == "")
            switch try await station.inbox.next() {
            case .closed(let flow): #expect(flow.remote == peer.address)
            case let inbound: Issue.record("\(inbound)")
            }
            try await other.send(Sample.request("good", via: .tcp).text)
            #expect(try await station.message().0 == Sample.request("good", via: .tcp))
            try await other.close()
        }
    }

    @Test("A malformed message with a known end gets 400 and leaves its connection open") func badRequest() async throws
    {
        try await withStation(.tcp) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            try await peer.send(Sample.malformed.replacing("UDP", with: "TCP") + Sample.request("good", via: .tcp).text)
            #expect(try await peer.head().hasPrefix("SIP/2.0 400 "))
            #expect(try await station.message().0 == Sample.request("good", via: .tcp))
            try await peer.close()
        }
    }

    @Test("A message longer than the limit ends its connection") func oversized() async throws {
        try await withStation(.tcp, tuning: .set(\.maximumMessageSize, 1000)) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            try await peer.send(
                "OPTIONS sip:bob@example.org SIP/2.0\r\nSubject: \(String(repeating: "x", count: 2000))"
            )
            #expect(try await peer.end() == "")
            switch try await station.inbox.next() {
            case .closed(let flow): #expect(flow.remote == peer.address)
            case let inbound: Issue.record("\(inbound)")
            }
        }
    }

    @Test("A message that does not end in time ends its connection") func slowMessage() async throws {
        try await withStation(.tcp, tuning: .set(\.messageTimeout, .milliseconds(50))) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            try await peer.send(Sample.request("whole", via: .tcp).text + "OPTIONS sip:bob@example.org SIP/2.0\r\n")
            let (_, flow) = try await station.message()
            #expect(try await station.inbox.next() == .closed(flow))
            #expect(try await peer.end() == "")
        }
    }

    @Test("A connection over which nothing goes is closed") func idle() async throws {
        try await withStation(.tcp, tuning: .set(\.idleTimeout, .milliseconds(50))) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            #expect(try await peer.end() == "")
            switch try await station.inbox.next() {
            case .closed(let flow): #expect(flow.remote == peer.address)
            case let inbound: Issue.record("\(inbound)")
            }
            #expect(station.transport.counts.connections == 0)
        }
    }

    @Test("A peer that does not read is cut off, and what it has not got fails") func slowReader() async throws {
        try await withStation(.tcp, tuning: .set(\.maximumPendingBytes, 100_000)) { station in
            let peer = try await RawStream.connect(to: station.listeners[0], isReading: false)
            try await peer.send(Sample.request("in", via: .tcp).text)
            let (_, flow) = try await station.message()
            var message = Sample.request("big", via: .tcp)
            if case .request(var request) = message {
                request.body = Array(repeating: UInt8(ascii: "x"), count: 60_000)
                message = .request(request)
            }
            // More than the system takes on both sides of the connection.
            let batch = (0..<400).map {
                Station.outbound(message, to: .target(station.target(), preferring: flow), as: "t\($0)")
            }
            station.transport.send(batch)
            var failed = 0
            var last = try await station.inbox.next()
            while last != .closed(flow) {
                failed += 1
                last = try await station.inbox.next()
            }
            #expect(failed > 1)
            try await peer.close()
        }
    }

    @Test("Connections beyond the bounds are closed at once, the others live on", arguments: [true, false], [1, 2])
    func bounds(isPerAddress: Bool, threads: Int) async throws {
        try await withStation(
            .tcp,
            threads: threads,
            tuning: .set(isPerAddress ? \.maximumConnectionsPerAddress : \.maximumConnections, 2)
        ) { station in
            var peers: [RawStream] = []
            for callID in ["1", "2"] {
                let peer = try await RawStream.connect(to: station.listeners[0])
                try await peer.send(Sample.request(callID, via: .tcp).text)
                #expect(try await station.message().0 == Sample.request(callID, via: .tcp))
                peers.append(peer)
            }
            let third = try await RawStream.connect(to: station.listeners[0])
            #expect(try await third.end() == "")
            #expect(station.transport.counts.connections == 2)
            #expect(station.transport.counts.turnedAway == 1)
            try await peers[0].send(Sample.request("again", via: .tcp).text)
            let (message, flow) = try await station.message()
            #expect(message == Sample.request("again", via: .tcp))
            // A place that is given back can be taken again.
            try await peers[0].close()
            #expect(try await station.inbox.next() == .closed(flow))
            let fourth = try await RawStream.connect(to: station.listeners[0])
            try await fourth.send(Sample.request("4", via: .tcp).text)
            #expect(try await station.message().0 == Sample.request("4", via: .tcp))
            try await fourth.close()
            try await peers[1].close()
        }
    }

    @Test("Shutdown closes connections and fails what waits") func shutdown() async throws {
        try await withStation(.tcp) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            try await peer.send(Sample.request("in", via: .tcp).text)
            let (_, flow) = try await station.message()
            await station.transport.shutdown()
            #expect(try await peer.end() == "")
            #expect(try await station.inbox.next() == .closed(flow))
            station.send(Sample.request("late", via: .tcp), to: .target(station.target(), preferring: flow), as: "t")
            #expect(try await station.inbox.next() == Station.failed("t", .refused))
        }
    }
}
