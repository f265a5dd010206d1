import SIPCore
import SIPWire
import Testing

@Suite("The guard before libosip2") struct GuardTests {
    private func fault(_ bytes: [UInt8]) -> SIPWireFault? {
        var parser = SIPWireParser()
        return parser.parse(bytes).fault
    }

    private func fault(_ text: String) -> SIPWireFault? { self.fault(Array(text.utf8)) }

    @Test("The sample that the other tests change is sound") func sample() throws {
        var parser = SIPWireParser()
        #expect(
            parser.parse(Samples.options())
                == .message(
                    .request(
                        SIPRequest(
                            method: .options,
                            uri: SIPURI(host: "gw.example.org"),
                            headers: SIPHeaders(
                                via: [Via(transport: .udp, host: "192.0.2.1", port: 5060, branch: "z9hG4bK1")],
                                from: NameAddress(
                                    uri: SIPURI(user: "a", host: "example.org"),
                                    parameters: [.init("tag", "1")]
                                ),
                                to: NameAddress(uri: SIPURI(host: "gw.example.org")),
                                callID: "c1",
                                cSeq: CSeq(7, .options),
                                maxForwards: 70
                            )
                        )
                    )
                )
        )
        #expect(parser.plainReads == 0)
    }

    @Test("An INVITE of a phone comes out whole") func invite() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(Array(Samples.invite.utf8)).request)
        #expect(
            request
                == SIPRequest(
                    method: .invite,
                    uri: SIPURI(
                        user: "200",
                        host: "gw.example.org",
                        port: 5060,
                        parameters: [.init("transport", "udp")]
                    ),
                    headers: SIPHeaders(
                        via: [
                            Via(
                                transport: .udp,
                                host: "192.0.2.10",
                                port: 5060,
                                branch: "z9hG4bKPj3a8c1d5e-9f31",
                                rport: .requested
                            )
                        ],
                        from: NameAddress(
                            displayName: "Bob \"the\" Builder",
                            uri: SIPURI(user: "100", host: "gw.example.org"),
                            parameters: [.init("tag", "8d2f-77aa")]
                        ),
                        to: NameAddress(uri: SIPURI(user: "200", host: "gw.example.org")),
                        callID: "5b1c0f5e-ac2d-4cd8-8c10-77a1f3d0e6a4",
                        cSeq: CSeq(4711, .invite),
                        maxForwards: 70,
                        route: ["gw.example.org", "core.example.org"].map {
                            NameAddress(uri: SIPURI(host: $0, parameters: [.init("lr")]))
                        },
                        contact: [
                            .address(
                                NameAddress(
                                    uri: SIPURI(
                                        user: "100",
                                        host: "192.0.2.10",
                                        port: 5060,
                                        parameters: [.init("ob")]
                                    )
                                )
                            )
                        ],
                        contentType: "application/sdp",
                        fields: [
                            .init(
                                "Allow",
                                "PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, "
                                    + "OPTIONS"
                            ),
                            .init("Supported", "replaces, 100rel, timer, norefersub"),
                            .init("Session-Expires", "1800"), .init("User-Agent", "phone/2.1"),
                        ]
                    ),
                    body: Array(Samples.sdp.utf8)
                )
        )
        #expect(parser.plainReads == 0)
    }

    @Test("A Via tells branch, received and rport apart from the rest") func via() throws {
        var parser = SIPWireParser()
        let value =
            "SIP/2.0/TCP [2001:db8::9]:5070;rport=40123;maddr=192.0.2.4;received=192.0.2.7;branch=z9hG4bK7;alias , "
            + "SIP/2.0/tls proxy_1.example.org;branch=z9hG4bK6"
        let request = try #require(parser.parse(Samples.options(replacing: ["Via": value])).request)
        #expect(
            request.headers.via == [
                Via(
                    transport: .tcp,
                    host: "2001:db8::9",
                    port: 5070,
                    branch: "z9hG4bK7",
                    received: "192.0.2.7",
                    rport: .value(40123),
                    parameters: [.init("maddr", "192.0.2.4"), .init("alias")]
                ),
                Via(transport: .tls, host: "proxy_1.example.org", branch: "z9hG4bK6"),
            ]
        )
    }

    @Test("Compact and odd spellings get the long name as we write it") func names() throws {
        var parser = SIPWireParser()
        let fields = [
            "x: 1800", "k: timer", "o: hold", "R: <sip:c@example.org>", "b: <sip:d@example.org>", "s: call",
            "e: gzip", "user-AGENT: u", "a: *", "u: talk", "d: proxy", "j: *", "y: i", "n: i", "X-Own: 1",
        ]
        let request = try #require(parser.parse(Samples.options(adding: fields)).request)
        #expect(
            request.headers.fields.map { $0.name } == [
                "Session-Expires", "Supported", "Event", "Refer-To", "Referred-By", "Subject", "Content-Encoding",
                "User-Agent", "Accept-Contact", "Allow-Events", "Request-Disposition", "Reject-Contact", "Identity",
                "Identity-Info", "X-Own",
            ]
        )
        #expect(request.headers["refer-to"] == "<sip:c@example.org>")
    }

    @Test("Contact: * stands alone, or the request is refused") func star() throws {
        var parser = SIPWireParser()
        #expect(parser.parse(Samples.options(adding: ["Contact: *"])).request?.headers.contact == [.all])
        for fields in [
            ["Contact: *", "Contact: <sip:a@example.org>"], ["Contact: *", "m: *"], ["Contact: *, <sip:a@b.org>"],
            ["Contact: *;q=1"],
        ] {
            #expect(parser.parse(Samples.options(adding: fields)).fault == .malformed("Contact"), "\(fields)")
        }
    }

    @Test("A status code has three digits, from 100 to 699") func statusCodes() {
        for code in ["99", "099", "700", "1000", "-20", "2 0", "20O", "", "200\t", "4294967496"] {
            let text = Samples.ringing.replacing("SIP/2.0 180 ", with: "SIP/2.0 \(code) ")
            #expect(self.fault(text) == .badStatusCode, "\(code)")
        }
        for code in ["100", "699"] {
            #expect(self.fault(Samples.ringing.replacing("SIP/2.0 180 ", with: "SIP/2.0 \(code) ")) == nil)
        }
    }

    @Test("Only SIP/2.0 is spoken, in any case") func versions() {
        #expect(self.fault(Samples.options("OPTIONS sip:gw.example.org SIP/3.0")) == .badVersion)
        #expect(self.fault(Samples.options("OPTIONS sip:gw.example.org SIP/2.00")) == .badVersion)
        #expect(self.fault(Samples.options("OPTIONS sip:gw.example.org HTTP/1.1")) == .badStartLine)
        #expect(self.fault(Samples.options("OPTIONS sip:gw.example.org sip/2.0")) == nil)
        #expect(self.fault(Samples.ringing.replacing("SIP/2.0 180", with: "SIP/1.0 180")) == .badVersion)
        #expect(self.fault(Samples.options(replacing: ["Via": "SIP/1.0/UDP a.org;branch=1"])) == .malformed("Via"))
        #expect(self.fault(Samples.options(replacing: ["Via": "TIP/2.0/UDP a.org;branch=1"])) == .malformed("Via"))
    }

    @Test("A request line has three parts and a sound URI") func requestLines() {
        for line in ["OPTIONS", "OPTIONS ", " OPTIONS sip:a SIP/2.0", "OPT{}ONS sip:a.org SIP/2.0", "\tOPTIONS sip:a"] {
            #expect(self.fault(Samples.options(line)) == .badStartLine, "\(line)")
        }
        for uri in ["", "<sip:a.org>", "sip:", "sip", ":a.org", "sip:a@", "sip:@a.org", "sip:a@b@c.org", "sip:a\tb"] {
            let fault = self.fault(Samples.options("OPTIONS \(uri) SIP/2.0"))
            #expect(fault == .badRequestURI, "\(uri)")
        }
    }

    @Test("CSeq has a number below 2^31 and the method of the request") func cSeqs() {
        for value in [
            "2147483648 OPTIONS", "-1 OPTIONS", "OPTIONS", "7", "7OPTIONS", "7 ", "7 OPT IONS", "0x7 OPTIONS",
        ] {
            #expect(self.fault(Samples.options(replacing: ["CSeq": value])) == .malformed("CSeq"), "\(value)")
        }
        #expect(self.fault(Samples.options(replacing: ["CSeq": "2147483647 OPTIONS"])) == nil)
        #expect(self.fault(Samples.options(replacing: ["CSeq": "7 options"])) == .methodMismatch)
        #expect(self.fault(Samples.options(replacing: ["CSeq": "7 INVITE"])) == .methodMismatch)
    }

    @Test("Content-Length is a number, and not more than there is") func contentLengths() throws {
        for value in ["-1", "+1", "1e1", "0x1", "", "1,1", "18446744073709551616", "99999999999999999999999"] {
            let bytes = Samples.options(replacing: ["Content-Length": value], body: "body")
            #expect(self.fault(bytes) == .malformed("Content-Length"), "\(value)")
        }
        #expect(self.fault(Samples.options(replacing: ["Content-Length": "5"], body: "body")) == .truncatedBody)
        #expect(self.fault(Samples.options(replacing: ["Content-Length": "1000000"], body: "body")) == .tooLarge)
        var parser = SIPWireParser()
        let cut = Samples.options(replacing: ["Content-Length": "3"], body: "body")
        #expect(parser.parse(cut).request?.body == Array("bod".utf8))
        let open = Samples.options(without: "Content-Length", body: "body")
        #expect(parser.parse(open).request?.body == Array("body".utf8))
    }

    @Test("Max-Forwards is a number up to 255") func maxForwards() {
        for value in ["256", "-1", "", "seventy", "70 70"] {
            let bytes = Samples.options(replacing: ["Max-Forwards": value])
            #expect(self.fault(bytes) == .malformed("Max-Forwards"), "\(value)")
        }
        #expect(self.fault(Samples.options(replacing: ["Max-Forwards": "255"])) == nil)
    }

    @Test("Each mandatory field is there", arguments: ["Via", "From", "To", "Call-ID", "CSeq"])
    func missing(_ name: String) {
        #expect(self.fault(Samples.options(without: name)) == .missing(name))
    }

    @Test("No field that must be single is there twice, under either name") func repeated() {
        for (field, name) in [
            ("f: <sip:x@example.org>", "From"), ("t: <sip:x@example.org>", "To"), ("i: 2", "Call-ID"),
            ("CSeq: 7 OPTIONS", "CSeq"), ("Max-Forwards: 70", "Max-Forwards"), ("l: 0", "Content-Length"),
        ] {
            #expect(self.fault(Samples.options(adding: [field])) == .repeated(name))
        }
        #expect(self.fault(Samples.options(replacing: ["To": "<sip:a@b.org>, <sip:c@d.org>"])) == .malformed("To"))
    }

    @Test("Addresses that libosip2 would take in part are refused whole") func addresses() {
        for value in [
            "\"a <sip:a@b.org>", "<sip:a@b.org", "sip:a@b.org>", "<sip:a@b.org> x;tag=1", "<sip:a@b.org>x",
            "<sip:a@b.org><sip:c@d.org>", "<sip:a@b.org:0>", "<sip:a@b.org:65536>", "<sip:a@b.org:x>", "<sip:a@b c>",
            "<sip:a@>", "<sip:@b.org>", "<>", "", "a", "sip:a@b.org?x=y", "<sip:a@b.org;=x>", "<sip:a@b.org>;tag=",
            "<sip:a@2001:db8::1>", "<sip:a@[2001:db8::g]>", "<sip:a@[::1>", "<sip:a b@c.org>", "\"a\" b <sip:a@b.org>",
        ] {
            #expect(self.fault(Samples.options(replacing: ["To": value])) == .malformed("To"), "\(value)")
        }
        for value in ["<sip:a@b.org:65535>", "<sip:a@[2001:db8::1]:5061>", "\"a,b;c<d>\" <sip:a@b.org>;x=\"y;z\""] {
            #expect(self.fault(Samples.options(replacing: ["To": value])) == nil, "\(value)")
        }
    }

    @Test("Control characters, CR or LF alone are refused in a head") func controls() {
        for byte in Array(UInt8(0)..<0x20) + [0x7F] where byte != 0x09 {
            var bytes = Samples.options(adding: ["Subject: a#b"])
            bytes[bytes.firstIndex(of: UInt8(ascii: "#")) ?? 0] = byte
            #expect(self.fault(bytes) == .badHeaderLine, "\(byte)")
        }
        #expect(self.fault(String(decoding: Samples.options(), as: UTF8.self).replacing("\r\n", with: "\n")) != nil)
        var body = Samples.options(body: "body")
        body[body.count - 2] = 0
        #expect(self.fault(body) == nil)
    }

    @Test("Lines that are no field are refused") func lines() {
        for line in ["NoColon", ": no name", "Two words: 1", "", "Bad@Name: 1"] where !line.isEmpty {
            #expect(self.fault(Samples.options(adding: [line])) == .badHeaderLine, "\(line)")
        }
    }

    @Test("Folded fields become one line") func folds() throws {
        var parser = SIPWireParser()
        let fields = ["Subject: a\r\n b \r\n\t  c", "Empty:\r\n ", "Tail: x\r\n  "]
        let request = try #require(parser.parse(Samples.options(adding: fields)).request)
        #expect(request.headers.fields == [.init("Subject", "a b c"), .init("Empty", ""), .init("Tail", "x")])
    }

    @Test("Line ends and zeros alone are a keep-alive; line ends ahead of a message are nothing") func keepalives() {
        var parser = SIPWireParser()
        for bytes: [UInt8] in [[], [13, 10], [13, 10, 13, 10], [0, 0, 0, 0], [0]] {
            #expect(parser.parse(bytes) == .keepalive)
        }
        #expect(parser.parse([13, 10, 13, 10] + Samples.options()).request != nil)
    }

    @Test("Responses and ACKs are never answered") func unanswered() {
        var parser = SIPWireParser()
        let badACK = Samples.options("ACK sip:gw.example.org SIP/2.0", replacing: ["CSeq": "x"])
        #expect(parser.parse(badACK) == .rejected(.malformed("CSeq"), nil))
        let badResponse = Samples.options("SIP/2.0 200 OK", replacing: ["CSeq": "x"])
        #expect(parser.parse(badResponse) == .rejected(.malformed("CSeq"), nil))
        let noVia = Samples.options(without: "Via")
        #expect(parser.parse(noVia) == .rejected(.missing("Via"), nil))
    }
}
