import SIPCore
import SIPWire
import Testing

@Suite("The torture messages of RFC 4475") struct TortureTests {
    @Test("There are 49 of them") func count() {
        #expect(TortureMessage.all.count == 49)
    }

    @Test("Each is accepted, answered or dropped as the RFC asks", arguments: TortureMessage.all)
    func outcome(_ row: TortureMessage) throws {
        var parser = SIPWireParser()
        switch parser.parse(try row.bytes) {
        case .message:
            #expect(row.isAccepted)
        case .rejected(let fault, let response):
            #expect(!row.isAccepted, "\(fault)")
            #expect(response?.status == row.answer)
        case .keepalive:
            Issue.record("no keep-alive")
        }
    }

    /// escnull apart: the core's own reader takes no `%00`.
    @Test("Both readers make the same of each", arguments: TortureMessage.all.filter { $0.name != "escnull" })
    func readersAgree(_ row: TortureMessage) throws {
        var parser = SIPWireParser()
        let result = parser.parse(try row.bytes)
        parser.usesLibosip2 = false
        #expect(parser.parse(try row.bytes) == result)
    }

    @Test("libosip2 reads what is valid, but for six") func libosip2() throws {
        var unread: [String] = []
        for row in TortureMessage.all where row.isAccepted {
            var parser = SIPWireParser()
            _ = parser.parse(try row.bytes)
            if parser.plainReads > 0 { unread.append(row.name) }
        }
        #expect(unread == ["intmeth", "semiuri", "unkscm", "novelsc", "unksm2", "regescrt"])
    }

    @Test("wsinv: folds, compact names, spaces and escapes wherever they are legal") func wsinv() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("wsinv")).request)
        #expect(request.body.count == 150)
        let sender = SIPURI(user: "jdrosen", host: "example.com")
        #expect(
            SIPRequest(method: request.method, uri: request.uri, headers: request.headers)
                == SIPRequest(
                    method: .invite,
                    uri: SIPURI(
                        user: "vivekg",
                        host: "chair-dnrc.example.com",
                        parameters: [.init("unknownparam")]
                    ),
                    headers: SIPHeaders(
                        via: [
                            Via(transport: .udp, host: "192.0.2.2", branch: "390skdjuw"),
                            Via(transport: .tcp, host: "spindle.example.com", branch: "z9hG4bK9ikj8"),
                            Via(transport: .udp, host: "192.168.255.111", branch: "z9hG4bK30239"),
                        ],
                        from: NameAddress(
                            displayName: "J Rosenberg \\\"",
                            uri: sender,
                            parameters: [.init("tag", "98asjd8")]
                        ),
                        to: NameAddress(
                            uri: SIPURI(user: "vivekg", host: "chair-dnrc.example.com"),
                            parameters: [.init("tag", "1918181833n")]
                        ),
                        callID: "wsinv.ndaksdj@192.0.2.1",
                        cSeq: CSeq(9, .invite),
                        maxForwards: 68,
                        route: [
                            NameAddress(
                                uri: SIPURI(
                                    host: "services.example.com",
                                    parameters: [
                                        .init("lr"), .init("unknownwith", "value"), .init("unknown-no-value"),
                                    ]
                                )
                            )
                        ],
                        contact: [
                            .address(
                                NameAddress(
                                    displayName: "Quoted string \"\"",
                                    uri: sender,
                                    parameters: [
                                        .init("newparam", "newvalue"), .init("secondparam"), .init("q", "0.33"),
                                    ]
                                )
                            )
                        ],
                        contentType: "application/sdp",
                        fields: [
                            .init("Subject", ""),
                            .init("NewFangledHeader", "newfangled value continued newfangled value"),
                            .init("UnknownHeaderWithUnusualValue", ";;,,;;,;"),
                        ]
                    )
                )
        )
    }

    @Test("intmeth: every character that is legal somewhere, NUL among them") func intmeth() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("intmeth")).request)
        let method = SIPMethod.other("!interesting-Method0123456789_*+`.%indeed'~")
        let user = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
        #expect(
            request
                == SIPRequest(
                    method: method,
                    uri: SIPURI(
                        user: user,
                        password: "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
                        host: "example.com"
                    ),
                    headers: SIPHeaders(
                        via: [Via(transport: .tcp, host: "host1.example.com", branch: "z9hG4bK-.!%66*_+`'~")],
                        from: NameAddress(
                            displayName: "token1~` token2'+_ token3*%!.-",
                            uri: SIPURI(user: "mundane", host: "example.com"),
                            parameters: [
                                .init("fromParam''~+*_!.-%", "\"работающий\""), .init("tag", "_token~1'+`*%!-."),
                            ]
                        ),
                        to: NameAddress(
                            displayName: "BEL:  NUL:  DEL: ",
                            uri: SIPURI(user: user, host: "example.com")
                        ),
                        callID: "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
                        cSeq: CSeq(139_122_385, method),
                        maxForwards: 255,
                        fields: [.init("extensionHeader-!.%*+_`'~", "\u{FEFF}大停電")]
                    )
                )
        )
    }

    @Test("esc01: escapes stay as they came") func esc01() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("esc01")).request)
        #expect(request.uri == SIPURI(user: "sips%3Auser%40example.com", host: "example.net"))
        #expect(request.headers.to.uri.user == "%75se%72")
        #expect(request.headers.from.uri.user == "I%20have%20spaces")
        #expect(
            request.headers.contact == [
                .address(
                    NameAddress(
                        uri: SIPURI(
                            user: "cal%6Cer",
                            host: "host5.example.net",
                            parameters: [.init("%6C%72"), .init("n%61me", "v%61lue%25%34%31")]
                        )
                    )
                )
            ]
        )
    }

    @Test("escnull: two Contacts that differ by an escaped NUL stay two") func escnull() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("escnull")).request)
        #expect(request.headers.contact.map { $0.address?.uri.user } == ["%00", "%00%00"])
        #expect(request.headers.to.uri.user == "null-%00-null")
    }

    @Test("esc02: an escaped method or field name is another method or field") func esc02() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("esc02")).request)
        #expect(request.method == .other("RE%47IST%45R"))
        #expect(request.headers.to.displayName == "%Z%45")
        #expect(request.headers.contact.map { $0.address?.uri.user } == ["alias1", "alias3"])
        #expect(request.headers.fields == [.init("C%6Fntact", "<sip:alias2@host2.example.com>")])
        #expect(request.headers.via.map { $0.branch } == ["z9hG4bK209%fzsnel234"])
    }

    @Test("longreq: long values are whole") func longreq() throws {
        var parser = SIPWireParser()
        let headers = try #require(parser.parse(try TortureMessage.bytes("longreq")).request).headers
        #expect(headers.via.count == 34)
        #expect(headers.via.map { $0.host }.prefix(33) == (1...33).reversed().map { "sip\($0).example.com" }[...])
        #expect(headers.via.last?.received == "192.0.2.5")
        #expect(headers.via.last?.branch.utf8.count == 215)
        #expect(headers.from.tag?.utf8.count == 155)
        #expect(headers.to.uri.port == 6000)
        #expect(headers.to.uri.parameters.list.map { $0.name.utf8.count } == [13, 109, 128])
        #expect(headers.callID.utf8.count == 141)
    }

    @Test("dblreq: bytes behind the body are ignored") func dblreq() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("dblreq")).request)
        #expect(request.method == .register)
        #expect(request.body == [])
    }

    @Test("semiuri: a semicolon in the user part begins no parameter") func semiuri() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("semiuri")).request)
        #expect(request.uri == SIPURI(user: "user;par=u%40example.net", host: "example.com"))
        #expect(
            request.headers["Accept"]
                == "application/sdp, application/pkcs7-mime, multipart/mixed, multipart/signed, message/sip, "
                + "message/sipfrag"
        )
    }

    @Test("transports: each transport of a Via, known or not") func transports() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("transports")).request)
        #expect(request.headers.via.map { $0.transport } == [.udp, .other("SCTP"), .tls, .other("UNKNOWN"), .tcp])
        #expect(request.headers.callID == "transports.kijh4akdnaqjkwendsasfdj")
    }

    @Test("mpart01: a binary body is copied to the byte") func mpart01() throws {
        var parser = SIPWireParser()
        let bytes = try TortureMessage.bytes("mpart01")
        let request = try #require(parser.parse(bytes).request)
        #expect(request.body == Array(bytes.suffix(553)))
        #expect(request.headers.via.map { $0.rport } == [.requested])
        #expect(request.headers.contentType == "multipart/mixed;boundary=7a9cbec02ceef655")
    }

    @Test("unreason, noreason: any reason phrase, and none") func reasons() throws {
        var parser = SIPWireParser()
        guard case .message(.response(let odd)) = parser.parse(try TortureMessage.bytes("unreason")),
            case .message(.response(let empty)) = parser.parse(try TortureMessage.bytes("noreason"))
        else {
            Issue.record("no responses")
            return
        }
        #expect(odd.reason == "= 2**3 * 5**2 но сто девяносто девять - простое")
        #expect(empty.status == 100)
        #expect(empty.reason == "")
    }

    @Test("unkscm, novelsc, unksm2: URIs of other schemes pass whole") func schemes() throws {
        var parser = SIPWireParser()
        #expect(
            parser.parse(try TortureMessage.bytes("unkscm")).request?.uri
                == SIPURI(scheme: .other("nobodyknowsthisscheme"), host: "totallyopaquecontent")
        )
        #expect(
            parser.parse(try TortureMessage.bytes("novelsc")).request?.uri
                == SIPURI(scheme: .other("soap.beep"), host: "//192.0.2.103:3002")
        )
        let headers = try #require(parser.parse(try TortureMessage.bytes("unksm2")).request).headers
        #expect(headers.to.uri == SIPURI(scheme: .other("isbn"), host: "2983792873"))
        #expect(headers.from.uri == SIPURI(scheme: .other("http"), host: "//www.example.com"))
    }

    @Test("cparam01, cparam02, regescrt: what belongs to the URI and what to the Contact") func contacts() throws {
        var parser = SIPWireParser()
        let gateway = SIPURI(user: "+19725552222", host: "gw1.example.net")
        var inURI = gateway
        inURI.parameters = [.init("unknownparam")]
        #expect(
            parser.parse(try TortureMessage.bytes("cparam01")).request?.headers.contact
                == [.address(NameAddress(uri: gateway, parameters: [.init("unknownparam")]))]
        )
        #expect(
            parser.parse(try TortureMessage.bytes("cparam02")).request?.headers.contact
                == [.address(NameAddress(uri: inURI))]
        )
        #expect(
            parser.parse(try TortureMessage.bytes("regescrt")).request?.headers.contact
                == [
                    .address(
                        NameAddress(
                            uri: SIPURI(user: "user", host: "example.com", headers: "Route=%3Csip:sip.example.com%3E")
                        )
                    )
                ]
        )
    }

    @Test("inv2543: no branch, no tag, no Max-Forwards, no Content-Length") func inv2543() throws {
        var parser = SIPWireParser()
        let request = try #require(parser.parse(try TortureMessage.bytes("inv2543")).request)
        #expect(request.headers.via == [Via(transport: .udp, host: "iftgw.example.com", branch: "")])
        #expect(request.headers.from.tag == nil)
        #expect(request.headers.maxForwards == nil)
        #expect(request.headers.to.parameters == [.init("user", "phone")])
        #expect(request.body.count == 105)
    }

    @Test("mismatch01: the 400 repeats what matches it to the request, and adds a tag") func refusal() throws {
        var parser = SIPWireParser()
        let response = try #require(parser.parse(try TortureMessage.bytes("mismatch01")).response)
        var expected = SIPResponse(
            status: 400,
            reason: "CSeq Method Mismatch",
            headers: SIPHeaders(
                via: [Via(transport: .udp, host: "host.example.com", branch: "z9hG4bKkdjuw")],
                from: NameAddress(
                    uri: SIPURI(user: "caller", host: "example.net"),
                    parameters: [.init("tag", "34525")]
                ),
                to: NameAddress(uri: SIPURI(user: "j.user", host: "example.com")),
                callID: "mismatch01.dj0234sxdfl3",
                cSeq: CSeq(8, .invite)
            )
        )
        #expect(response.headers.to.tag?.isEmpty == false)
        expected.headers.to.tag = response.headers.to.tag
        #expect(response == expected)
        #expect(parser.parse(try TortureMessage.bytes("mismatch01")).response == response)
    }

    @Test("insuf, scalar02, badvers: what cannot be repeated is made up") func salvagedRefusals() throws {
        var parser = SIPWireParser()
        let insufficient = try #require(parser.parse(try TortureMessage.bytes("insuf")).response)
        #expect(insufficient.headers.from == NameAddress(uri: SIPURI(host: "anonymous.invalid")))
        #expect(insufficient.headers.cSeq == CSeq(193_942, .invite))
        let scalars = try #require(parser.parse(try TortureMessage.bytes("scalar02")).response)
        #expect(scalars.headers.cSeq == CSeq(0, .register))
        let version = try #require(parser.parse(try TortureMessage.bytes("badvers")).response)
        #expect(version.reason == "Version Not Supported")
        #expect(version.headers.via == [Via(transport: .udp, host: "c.example.com", branch: "z9hG4bKkdjuw")])
    }
}
