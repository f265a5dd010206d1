import SIPCore
import Testing

@Suite("Half trickle") struct HalfTrickleTests {
    private static let host =
        "candidate:1 1 udp 2122260223 192.168.1.2 50000 typ host generation 0 ufrag EsAw network-id 1"
    private static let hostV6 = "candidate:2 1 udp 2122262783 2001:db8::5 50001 typ host generation 0 ufrag EsAw"
    private static let reflexive =
        "candidate:3 1 udp 1686052607 203.0.113.7 50002 typ srflx raddr 192.168.1.2 rport 50000 generation 0 ufrag EsAw"
    private static let relay =
        "candidate:4 1 udp 41885695 198.51.100.9 50003 typ relay raddr 203.0.113.7 rport 50002 generation 0 ufrag EsAw"
    private static let relayV6 = "candidate:5 1 udp 41885696 2001:db8::9 50004 typ relay raddr :: rport 0"
    private static let tcp =
        "candidate:6 1 tcp 1518280447 192.168.1.2 9 typ host tcptype active generation 0 ufrag EsAw"
    private static let multicast =
        "candidate:7 1 udp 2122260223 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 54596 typ host generation 0 ufrag EsAw"

    private func candidates(_ texts: [String], mid: String? = "0") throws -> [ICECandidateLine] {
        try texts.map { try #require(ICECandidateLine($0, mid: mid, mLineIndex: 0)) }
    }

    /// The lines of `after` that `before` has not, and the other way round.
    private func difference(_ before: String, _ after: SessionDescription) -> (added: [String], removed: [String]) {
        let old = before.utf8.split(separator: 0x0A).map { String(Substring($0.dropLast())) }
        let new = after.bytes.split(separator: 0x0A).map { String(decoding: $0.dropLast(), as: UTF8.self) }
        return (new.filter { !old.contains($0) }, old.filter { !new.contains($0) })
    }

    @Test("Candidates, their end and the default transport go into the offer, trickle goes out") func whole() throws {
        let offer = try SampleOffers.read(SampleOffers.chromeAudio)
        let collected = try self.candidates([Self.host, Self.hostV6, Self.reflexive, Self.tcp, Self.multicast])
        let full = offer.withCandidates(collected, endOfCandidates: true)
        let (added, removed) = self.difference(SampleOffers.chromeAudio, full)
        #expect(
            added == [
                "m=audio 50002 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", "c=IN IP4 203.0.113.7",
                "a=rtcp:50002 IN IP4 203.0.113.7", "a=" + Self.host, "a=" + Self.hostV6, "a=" + Self.reflexive,
                "a=" + Self.tcp, "a=end-of-candidates",
            ]
        )
        #expect(
            removed == [
                "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
                "a=ice-options:trickle",
            ]
        )
        // Once more with the same changes nothing.
        #expect(full.withCandidates(collected, endOfCandidates: true) == full)
        #expect(try SessionDescription(full.bytes) == full)
    }

    @Test("At the time limit nothing says that these are all") func timeLimit() throws {
        let offer = try SampleOffers.read(SampleOffers.chromeAudio)
        let full = offer.withCandidates(try self.candidates([Self.host]), endOfCandidates: false)
        #expect(!full.media[0].hasAttribute("end-of-candidates"))
        #expect(!full.media[0].hasAttribute("ice-options"))
        #expect(full.media[0].port == 50000)
    }

    private static let defaultTable: [([String], String)] = [
        ([host, hostV6, reflexive, relay, relayV6], "198.51.100.9"), ([relayV6, host, reflexive], "2001:db8::9"),
        ([hostV6, host], "192.168.1.2"), ([hostV6, tcp, multicast], "2001:db8::5"), ([reflexive, host], "203.0.113.7"),
        ([host, "1 1 UDP 2122260224 192.168.1.3 5 typ host"], "192.168.1.3"),
        ([host, "1 1 udp 2122260222 192.168.1.3 5 typ host"], "192.168.1.2"),
        ([tcp, multicast], "0.0.0.0"), ([host, "1 2 udp 9 192.168.1.9 5 typ relay"], "192.168.1.2"),
        ([host, "1 1 udp 9 192.168.1.9 0 typ relay"], "192.168.1.2"),
        ([host, "1 1 udp 9 turn.example.org 5 typ relay"], "192.168.1.2"),
        ([host, "1 1 udp 9 192.168.1.9 5 typ prflx"], "192.168.1.9"), ([], "0.0.0.0"),
    ]

    @Test(
        "The default candidate is relayed before reflexive before host, then IPv4, then the higher priority",
        arguments: defaultTable
    )
    func defaults(texts: [String], address: String) throws {
        let offer = try SampleOffers.read(SampleOffers.chromeAudio)
        let full = offer.withCandidates(try self.candidates(texts), endOfCandidates: true)
        #expect(full.media[0].connection == SDPConnection(address: address))
        #expect((full.media[0].port == 9) == (address == "0.0.0.0"))
    }

    @Test("A candidate of another ICE generation stays out") func generation() throws {
        let offer = try SampleOffers.read(SampleOffers.chromeAudio)
        let stale = "candidate:1 1 udp 2122260223 192.168.1.2 50000 typ host ufrag Old1"
        #expect(
            !offer.withCandidates(try self.candidates([stale]), endOfCandidates: false).media[0].hasAttribute(
                "candidate"
            )
        )
    }

    @Test("Candidates find their section by mid, else by index, else the first; the bundle follows its first")
    func sections() throws {
        let offer = try SampleOffers.read(SampleOffers.bundle)
        let collected = try [
            ("1 1 udp 1 192.0.2.1 1001 typ host", "v", UInt16(0)), ("1 1 udp 1 192.0.2.2 1002 typ host", "", 0),
            ("1 1 udp 1 192.0.2.3 1003 typ host", "?", 3), ("1 1 udp 1 192.0.2.4 1004 typ host", nil, 99),
            ("1 1 udp 1 192.0.2.5 1005 typ host", nil, nil),
        ].map { try #require(ICECandidateLine($0.0, mid: $0.1, mLineIndex: $0.2)) }
        let full = offer.withCandidates(collected, endOfCandidates: true)
        #expect(full.media.map { $0.candidates.map { $0.port } } == [[1002, 1004, 1005], [1001], [], [1003]])
        #expect(full.media.map(\.port) == [1002, 1001, 0, 0])
        #expect(full.media.map { $0.hasAttribute("end-of-candidates") } == [true, true, false, true])
        #expect(full.attribute("ice-options") == "renomination")
        var single = offer
        single.media[2].port = 9
        single = single.withCandidates(Array(collected[1...1]), endOfCandidates: true)
        #expect(single.media.map(\.port) == [1002, 1002, 1002, 0])
        #expect(single.media.map { $0.connection?.address } == ["192.0.2.2", "192.0.2.2", "192.0.2.2", "0.0.0.0"])
    }

    @Test("Without rtcp-mux RTCP has a default of its own") func control() throws {
        var offer = try SampleOffers.read(SampleOffers.chromeAudio)
        offer.media[0].removeAttributes("rtcp-mux")
        let second = "1 2 udp 5 192.0.2.2 6001 typ host"
        let full = offer.withCandidates(try self.candidates([Self.host, second]), endOfCandidates: true)
        #expect(full.media[0].attribute("rtcp") == "6001 IN IP4 192.0.2.2")
        let one = offer.withCandidates(try self.candidates([Self.hostV6]), endOfCandidates: true)
        #expect(one.media[0].attribute("rtcp") == "50001 IN IP6 2001:db8::5")
    }

    @Test("Candidates that the offer has already count, but for .local ones, and none comes twice") func existing()
        throws
    {
        let text =
            SampleOffers.chromeAudio + SampleOffers.text(["a=" + Self.multicast, "a=" + Self.host, "a=candidate:odd"])
        let again = "candidate:99 1 UDP 77 192.168.1.2 50000 typ host"
        let full = try SampleOffers.read(text).withCandidates(
            try self.candidates([again, Self.reflexive]),
            endOfCandidates: true
        )
        #expect(
            full.media[0].lines.suffix(4).map(\.value) == [
                Self.host[...], "candidate:odd", Self.reflexive[...], "end-of-candidates",
            ]
        )
        #expect(full.media[0].port == 50002)
    }

    @Test("A plain offer, or none of the media, is left as it is") func plain() throws {
        let phone = try SampleOffers.read(SampleOffers.phone)
        #expect(phone.withCandidates([], endOfCandidates: true) == phone)
        var empty = phone
        empty.media = []
        #expect(empty.withCandidates(try self.candidates([Self.host]), endOfCandidates: true) == empty)
    }

    @Test("Endless candidates don't grow a section without bound") func flood() throws {
        let offer = try SampleOffers.read(SampleOffers.chromeAudio)
        let flood = try (1...2000).map {
            try #require(ICECandidateLine("1 1 udp 1 192.0.2.1 \($0) typ host"))
        }
        let full = offer.withCandidates(flood, endOfCandidates: false)
        #expect(full.media[0].candidates.count == SessionDescription.Limits.candidates)
    }

    @Test("A candidate is read with either prefix and without") func reading() throws {
        let bare = "842163049 1 udp 1677729535 203.0.113.7 3478 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag xx"
        for prefix in ["", "candidate:", "a=candidate:"] {
            let candidate = try #require(ICECandidateLine(prefix + bare + " ", mid: "0", mLineIndex: 1))
            #expect(candidate.foundation == "842163049")
            #expect(candidate.component == 1)
            #expect(candidate.transport == "udp")
            #expect(candidate.priority == 1_677_729_535)
            #expect(candidate.address == "203.0.113.7")
            #expect(candidate.port == 3478)
            #expect(candidate.kind == .serverReflexive)
            #expect(candidate.ufrag == "xx")
            #expect(candidate.raw == bare[...])
            #expect(candidate.mid == "0")
            #expect(candidate.mLineIndex == 1)
            #expect(!candidate.isMulticastDNS)
        }
        #expect(ICECandidateLine("1 1 udp 1 h.LOCAL 1 typ odd")?.isMulticastDNS == true)
        #expect(ICECandidateLine("1 1 udp 1 h.LOCAL 1 typ odd")?.kind == .other("odd"))
    }

    @Test(
        "A malformed candidate is none",
        arguments: [
            "", "candidate:", "a=candidate:1", "1 1 udp 1 192.0.2.1 1 typ", "1 1 udp 1 192.0.2.1 1 host",
            "1 1 udp 1 192.0.2.1 1",
            "1 0 udp 1 192.0.2.1 1 typ host", "1 257 udp 1 192.0.2.1 1 typ host",
            "1 1 udp 4294967296 192.0.2.1 1 typ host",
            "1 1 udp 1 192.0.2.1 65536 typ host", "1 1 udp 1 192.0.2.300 1 typ host", "1 1 udp 1 [::1] 1 typ host",
            "1 1 udp 1 192.0.2.1 -1 typ host", "1 1 udp -1 192.0.2.1 1 typ host", "é 1 udp 1 192.0.2.1 1 typ host",
            "1 1 u/p 1 192.0.2.1 1 typ host", "1 1 udp 1 192.0.2.1 1 typ host\r\na=x",
            "1 1 udp 1 192.0.2.1 1 typ host\0",
            "123456789012345678901234567890123 1 udp 1 192.0.2.1 1 typ host",
            "1 1 udp 1 192.0.2.1 1 typ host " + String(repeating: "x", count: 65_536),
        ]
    )
    func malformed(text: String) {
        #expect(ICECandidateLine(text) == nil)
    }
}
