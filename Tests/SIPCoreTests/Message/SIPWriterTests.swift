import SIPCore
import Testing

@Suite("The writer of messages") struct SIPWriterTests {
    private func text(_ message: SIPMessage) -> String {
        var bytes: [UInt8] = []
        SIPWriter.write(message, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private let invite = SIPRequest(
        method: .invite,
        uri: SIPURI(
            user: "bob",
            host: "2001:db8::9:1",
            port: 5070,
            parameters: SIPParameters([.init("transport", "tcp"), .init("lr")])
        ),
        headers: SIPHeaders(
            via: [
                Via(transport: .tcp, host: "2001:db8::1", port: 5060, branch: "z9hG4bKa", rport: .requested),
                Via(
                    transport: .udp,
                    host: "pc33.atlanta.com",
                    branch: "z9hG4bKb",
                    received: "192.0.2.1",
                    rport: .value(40000),
                    parameters: SIPParameters([.init("ttl", "16")])
                ),
            ],
            from: NameAddress(
                displayName: #"A. "G." Bell\Co"#,
                uri: SIPURI(user: "a", host: "atlanta.com"),
                parameters: SIPParameters([.init("tag", "88sja8x")])
            ),
            to: NameAddress(uri: SIPURI(scheme: .tel, user: "+15551234", host: "")),
            callID: "987asjd97y7atg",
            cSeq: CSeq(986759, .invite),
            maxForwards: 70,
            route: [
                NameAddress(uri: SIPURI(host: "p1.example.com", parameters: SIPParameters([.init("lr")]))),
                NameAddress(uri: SIPURI(host: "p2.example.com", parameters: SIPParameters([.init("lr")]))),
            ],
            recordRoute: [NameAddress(uri: SIPURI(host: "p3.example.com"))],
            contact: [
                .address(
                    NameAddress(
                        uri: SIPURI(scheme: .sips, user: "a", password: "pw", host: "192.0.2.4", headers: "X=y"),
                        parameters: SIPParameters([.init("+sip.instance", "\"<urn:uuid:0>\"")])
                    )
                )
            ],
            contentType: "application/sdp",
            fields: [.init("Allow", "INVITE, ACK"), .init("Supported", "100rel, timer")]
        ),
        body: Array("v=0\r\n".utf8)
    )

    @Test("A request has its fields in a fixed order, and Content-Length last") func request() {
        #expect(
            self.text(.request(self.invite)) == """
                INVITE sip:bob@[2001:db8::9:1]:5070;transport=tcp;lr SIP/2.0\r
                Via: SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKa;rport\r
                Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKb;received=192.0.2.1;rport=40000;ttl=16\r
                Max-Forwards: 70\r
                Route: <sip:p1.example.com;lr>\r
                Route: <sip:p2.example.com;lr>\r
                Record-Route: <sip:p3.example.com>\r
                From: "A. \\"G.\\" Bell\\\\Co" <sip:a@atlanta.com>;tag=88sja8x\r
                To: <tel:+15551234>\r
                Call-ID: 987asjd97y7atg\r
                CSeq: 986759 INVITE\r
                Contact: <sips:a:pw@192.0.2.4?X=y>;+sip.instance="<urn:uuid:0>"\r
                Allow: INVITE, ACK\r
                Supported: 100rel, timer\r
                Content-Type: application/sdp\r
                Content-Length: 5\r
                \r
                v=0\r

                """
        )
    }

    @Test("A response without body says so, and received stands without brackets") func response() {
        let response = SIPResponse(
            status: 200,
            reason: SIPStatus.reasonPhrase(for: 200),
            headers: SIPHeaders(
                via: [Via(transport: .other("WS"), host: "h", branch: "", received: "2001:db8::7")],
                from: NameAddress(displayName: "", uri: SIPURI(host: "a")),
                to: NameAddress(uri: SIPURI(host: "b")),
                callID: "c",
                cSeq: CSeq(4_294_967_295, .other("MESSAGE")),
                maxForwards: 0,
                contact: [.all]
            )
        )
        #expect(
            self.text(.response(response)) == """
                SIP/2.0 200 OK\r
                Via: SIP/2.0/WS h;received=2001:db8::7\r
                Max-Forwards: 0\r
                From: <sip:a>\r
                To: <sip:b>\r
                Call-ID: c\r
                CSeq: 4294967295 MESSAGE\r
                Contact: *\r
                Content-Length: 0\r
                \r

                """
        )
    }

    @Test("Messages are appended one behind the other") func appending() {
        var bytes = Array("before".utf8)
        SIPWriter.write(.request(self.invite), into: &bytes)
        SIPWriter.write(.request(self.invite), into: &bytes)
        let once = self.text(.request(self.invite))
        #expect(String(decoding: bytes, as: UTF8.self) == "before" + once + once)
    }

    @Test("The size known beforehand is the size written") func exactSize() {
        #expect(SIPMessage.request(self.invite).writtenSizeBound == self.text(.request(self.invite)).utf8.count)
        var request = self.invite
        request.uri.user = "a@b:c"
        request.headers.contact = [.all]
        request.headers.to = NameAddress(uri: SIPURI(scheme: .other("urn"), host: "service:sos"))
        request.headers.from.displayName = nil
        request.body = [UInt8](repeating: 65, count: 12345)
        #expect(SIPMessage.request(request).writtenSizeBound == self.text(.request(request)).utf8.count)
        let response = SIPResponse(status: 486, reason: "Busy Here", headers: request.headers)
        #expect(SIPMessage.response(response).writtenSizeBound == self.text(.response(response)).utf8.count)
    }

    /// One message with `poison` in every text that it has.
    private func poisoned(_ poison: String) -> [SIPMessage] {
        let parameters = SIPParameters([
            .init("p" + poison, "v" + poison), .init("q", "\"" + poison), .init("r", "\"a\\" + poison),
            .init(poison),
        ])
        let uri = SIPURI(
            user: "u" + poison,
            password: "w" + poison,
            host: "h" + poison,
            parameters: parameters,
            headers: "H" + poison
        )
        let address = NameAddress(displayName: "d" + poison, uri: uri, parameters: parameters)
        let headers = SIPHeaders(
            via: [
                Via(
                    transport: .other("T" + poison),
                    host: "v" + poison,
                    branch: "b" + poison,
                    received: "r" + poison,
                    parameters: parameters
                )
            ],
            from: address,
            to: NameAddress(uri: SIPURI(scheme: .other("x" + poison), host: "o" + poison)),
            callID: "c" + poison,
            cSeq: CSeq(1, .other("M" + poison)),
            route: [address],
            recordRoute: [NameAddress(uri: SIPURI(scheme: .tel, user: "1" + poison, host: "", parameters: parameters))],
            contact: [.address(address)],
            contentType: "t" + poison,
            fields: [.init("F" + poison, "f" + poison), .init("G", poison)]
        )
        return [
            .request(SIPRequest(method: .other("M" + poison), uri: uri, headers: headers)),
            .response(SIPResponse(status: 500, reason: "R" + poison, headers: headers)),
        ]
    }

    @Test(
        "No value can begin a line, end the head or hide a NUL",
        arguments: [
            "\r\nEvil: 1", "\nEvil: 1", "\rEvil: 1", "\r\n\r\nEvil", "\0Evil", "\u{1B}[2J", "\u{7F}", "\r\n Evil",
            "\r\n\tEvil", "\u{2028}Evil: 1",
        ]
    )
    func injection(poison: String) throws {
        for (message, harmless) in zip(self.poisoned(poison), self.poisoned("x")) {
            var bytes: [UInt8] = []
            SIPWriter.write(message, into: &bytes)
            #expect(bytes.count <= message.writtenSizeBound)
            let text = String(decoding: bytes, as: UTF8.self)
            let parts = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
            #expect(parts.dropLast().allSatisfy { $0.last == 0x0D && !$0.dropLast().contains(0x0D) })
            #expect(!bytes.contains { ($0 < 0x20 && $0 != 0x0D && $0 != 0x0A && $0 != 0x09) || $0 == 0x7F })
            #expect(parts.count == self.text(harmless).utf8.count { $0 == 0x0A } + 1)
            #expect(text.hasSuffix("Content-Length: 0\r\n\r\n"))
            let names = parts.dropFirst().compactMap { String(Substring($0.prefix { $0 != UInt8(ascii: ":") })) }
            #expect(!names.contains("Evil"))
        }
    }

    @Test("A word in the start line stays one word") func startLine() {
        let uri = SIPURI(
            user: "a b@c:d<>\"",
            host: "h x;y?z",
            parameters: SIPParameters([.init("p q", "v@w;x?y z")])
        )
        let request = SIPRequest(
            method: .other("IN VITE\t"),
            uri: uri,
            headers: SIPHeaders(
                from: NameAddress(uri: SIPURI(host: "a")),
                to: NameAddress(uri: SIPURI(host: "b")),
                callID: "c",
                cSeq: CSeq(1, .invite)
            )
        )
        let line = self.text(.request(request)).utf8.prefix { $0 != 0x0D }
        #expect(String(Substring(line)) == "INVITE sip:ab%40c%3Ad@hxyz;pq=vwxyz SIP/2.0")
    }

    @Test("A quoted value that does not end is ended, and what follows its end is dropped") func quotes() {
        for (value, written) in [
            ("\"abc", "\"abc\""), ("\"abc\"", "\"abc\""), ("\"a\\\"", "\"a\\\"\""), ("\"a\\", "\"a\\\\\""),
            ("\"", "\"\""),
            ("\"a\";tag=2", "\"a\""), ("a\"b;c d", "abcd"),
        ] {
            let address = NameAddress(uri: SIPURI(host: "h"), parameters: SIPParameters([.init("p", value)]))
            #expect(address.text == "<sip:h>;p=" + written)
        }
    }

    @Test("Content-Length is the writer's alone, and a field needs a name") func contentLength() {
        var request = self.invite
        request.headers.fields = [
            .init("Content-Length", "999"), .init("content-length", "1"), .init("L", "2"), .init("l", "3"),
            .init("Content-\r\nLength", "4"), .init("", "5"), .init("\r\n", "6"), .init("Content-Lengthy", "7"),
            .init("Lo", "8"), .init("C", "9"),
        ]
        let text = self.text(.request(request))
        let expected =
            "Content-Lengthy: 7\r\nLo: 8\r\nC: 9\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\n"
        #expect(text.hasSuffix(expected + "v=0\r\n"))
        #expect(text.utf8.split(separator: 0x0A).filter { $0.starts(with: "Content-Length:".utf8) }.count == 1)
        #expect(!text.contains("999"))
    }

    @Test("The user part of any text is escaped") func escapedUser() {
        #expect(SIPURI.escapedUser("alice") == "alice")
        #expect(SIPURI.escapedUser("a b@c\r\n#%\0é") == "a%20b%40c%0D%0A%23%25%C3%A9")
        #expect(SIPURI(user: "a%20b%40%C3%A9", host: "h").unescapedUser == "a b@é")
        #expect(SIPURI(user: "%0D%00%ZZ%4%", host: "h").unescapedUser == "%0D%00%ZZ%4%")
        #expect(SIPURI(user: "%FF%41", host: "h").unescapedUser == "%FF%41")
        #expect(SIPURI(host: "h").unescapedUser == nil)
    }
}
