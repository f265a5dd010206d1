import SIPCore
import Testing

@Suite("Registrar (RFC 3261 §10.3)")
struct RegistrarTests {
    private static let now = Instant(nanoseconds: 1_000_000_000)

    /// A registrar and its clock.
    private final class Rig {
        var registrar: Registrar
        var now = RegistrarTests.now

        init(limits: RegistrarLimits = .init()) {
            self.registrar = Registrar(limits: limits)
        }

        func register(_ request: SIPRequest, by flow: SIPFlow = RegisterSample.udp) -> RegistrationReply {
            self.registrar.register(request, of: "1001", by: flow, now: self.now)
        }

        var hosts: [String] {
            self.registrar.bindings(of: "1001", now: self.now).map(\.contact.uri.host)
        }
    }

    private let rig = Rig()

    @Test("§10.3, 8: the 200 names every binding with the time that it has left")
    func wholeList() {
        #expect(self.rig.register(RegisterSample.register()).bindings == ["10.0.0.9 3600"])
        self.rig.now = self.rig.now + .milliseconds(100_500)
        let second = RegisterSample.register([RegisterSample.contact("10.0.0.8")], expires: "600", callID: "b")
        let reply = self.rig.register(second)
        #expect(reply.status == 200)
        #expect(reply.bindings == ["10.0.0.9 3500", "10.0.0.8 600"])
        #expect(reply.change?.bindings.count == 2)
    }

    @Test("§10.2.3: without Contact the bindings are only told")
    func query() {
        _ = self.rig.register(RegisterSample.register())
        let reply = self.rig.register(RegisterSample.register([], expires: nil, cSeq: 2))
        #expect(reply.bindings == ["10.0.0.9 3600"])
        #expect(reply.change == nil)
    }

    @Test("§10.3, 7: a Contact's own time counts before Expires, and without either the default does")
    func times() {
        let mixed = [RegisterSample.contact("a", ("expires", "90")), RegisterSample.contact("b")]
        #expect(self.rig.register(RegisterSample.register(mixed, expires: "120")).bindings == ["a 90", "b 120"])
        let reply = self.rig.register(RegisterSample.register([RegisterSample.contact("c")], expires: nil, cSeq: 2))
        #expect(reply.bindings == ["a 90", "b 120", "c 3600"])
    }

    @Test(
        "§20.19: a malformed time counts as an hour, and the longest is ours to set",
        arguments: [("soon", "3600"), ("-1", "3600"), ("99999999999999999999", "7200"), ("7201", "7200"), ("", "3600")]
    )
    func oddTimes(text: String, granted: String) {
        let rig = Rig(limits: .init(maximumExpires: 7_200))
        #expect(rig.register(RegisterSample.register(expires: text)).bindings == ["10.0.0.9 \(granted)"])
    }

    @Test("§10.3, 7: 423 with Min-Expires for a time that is too brief, and nothing is changed")
    func tooBrief() {
        let contacts = [RegisterSample.contact("a"), RegisterSample.contact("b", ("expires", "59"))]
        let reply = self.rig.register(RegisterSample.register(contacts))
        #expect(reply == RegistrationReply(status: 423, fields: [.init("Min-Expires", "60")]))
        #expect(self.rig.hosts == [])
    }

    @Test("§10.2.2: a time of zero removes that binding alone")
    func removeOne() {
        _ = self.rig.register(RegisterSample.register([RegisterSample.contact("a"), RegisterSample.contact("b")]))
        let reply = self.rig.register(
            RegisterSample.register([RegisterSample.contact("A", ("expires", "0"))], cSeq: 2)
        )
        #expect(reply.bindings == ["b 3600"])
        #expect(reply.change?.bindings.map(\.contact.uri.host) == ["b"])
    }

    @Test("§10.2.2: `*` with a time of zero removes all")
    func removeAll() {
        _ = self.rig.register(RegisterSample.register([RegisterSample.contact("a"), RegisterSample.contact("b")]))
        let reply = self.rig.register(RegisterSample.register([.all], expires: "0", callID: "x"))
        #expect(
            reply == RegistrationReply(status: 200, change: BindingChange(phone: "1001", bindings: []))
        )
        #expect(self.rig.registrar.nextDeadline == nil)
        #expect(self.rig.registrar.count == 0)
    }

    @Test("§10.3, 6: `*` with another time, without one, or beside another Contact is 400")
    func badStar() {
        _ = self.rig.register(RegisterSample.register())
        #expect(self.rig.register(RegisterSample.register([.all], expires: "60", cSeq: 2)).status == 400)
        #expect(self.rig.register(RegisterSample.register([.all], expires: nil, cSeq: 2)).status == 400)
        let both: [Contact] = [.all, RegisterSample.contact("a")]
        #expect(self.rig.register(RegisterSample.register(both, expires: "0", cSeq: 2)).status == 400)
        #expect(self.rig.hosts == ["10.0.0.9"])
    }

    @Test("§10.3, 6 and 7: of one series an older or equal CSeq changes nothing, and the whole request fails")
    func order() {
        _ = self.rig.register(RegisterSample.register(cSeq: 5))
        let late = RegisterSample.register([RegisterSample.contact("a"), .address(RegisterSample.contact)], cSeq: 5)
        #expect(self.rig.register(late) == RegistrationReply(status: 500))
        #expect(self.rig.register(RegisterSample.register([.all], expires: "0", cSeq: 4)).status == 500)
        #expect(self.rig.hosts == ["10.0.0.9"])
        // A phone that was started anew counts from the beginning.
        #expect(self.rig.register(RegisterSample.register(callID: "new", cSeq: 1)).bindings == ["10.0.0.9 3600"])
        #expect(self.rig.register(RegisterSample.register(callID: "new", cSeq: 2)).bindings == ["10.0.0.9 3600"])
    }

    @Test("§19.1.4: Contacts are compared as URIs; one named twice in a request is one binding")
    func equivalence() {
        let upper = NameAddress(uri: SIPURI(user: "1001", host: "PC.example", parameters: .init([.init("x", "1")])))
        let lower = NameAddress(uri: SIPURI(user: "%31001", host: "pc.example"))
        _ = self.rig.register(RegisterSample.register([.address(upper)]))
        let reply = self.rig.register(RegisterSample.register([.address(lower), .address(upper)], cSeq: 2))
        #expect(reply.bindings == ["PC.example 3600"])
    }

    @Test("Bindings end in time, and what is left is told")
    func expiry() {
        let contacts = [RegisterSample.contact("a", ("expires", "60")), RegisterSample.contact("b", ("expires", "90"))]
        _ = self.rig.register(RegisterSample.register(contacts))
        #expect(self.rig.registrar.nextDeadline == Self.now + .seconds(60))
        #expect(self.rig.registrar.timeoutReached(now: Self.now + .seconds(59)) == [])
        self.rig.now = Self.now + .seconds(60)
        #expect(self.rig.hosts == ["b"])
        let changes = self.rig.registrar.timeoutReached(now: self.rig.now)
        #expect(changes.map { $0.bindings.map(\.contact.uri.host) } == [["b"]])
        #expect(self.rig.registrar.nextDeadline == Self.now + .seconds(90))
        #expect(
            self.rig.registrar.timeoutReached(now: Self.now + .seconds(90))
                == [BindingChange(phone: "1001", bindings: [])]
        )
        #expect(self.rig.registrar.nextDeadline == nil)
    }

    // MARK: Targets

    @Test("§16.6: targets come by q, the highest first, and of one q in the order of registration")
    func preference() {
        let contacts = [
            RegisterSample.contact("a", ("q", "0.5")), RegisterSample.contact("b"),
            RegisterSample.contact("c", ("q", "0.51")), RegisterSample.contact("d", ("q", "0.5")),
            RegisterSample.contact("e", ("q", "1.001")),
        ]
        _ = self.rig.register(RegisterSample.register(contacts))
        let targets = self.rig.registrar.targets(of: "1001", now: self.rig.now)
        #expect(targets.map(\.uri.host) == ["b", "e", "c", "a", "d"])
        #expect(targets.map(\.q) == [1_000, 1_000, 510, 500, 500])
        #expect(self.rig.registrar.targets(of: "1002", now: self.rig.now) == [])
    }

    @Test("RFC 3581: a phone behind a NAT is called where its datagrams come from")
    func behindNAT() {
        _ = self.rig.register(RegisterSample.register())
        #expect(
            self.rig.registrar.targets(of: "1001", now: self.rig.now) == [
                PhoneTarget(
                    uri: RegisterSample.contact.uri,
                    target: SIPTarget(transport: .udp, host: "203.0.113.9", port: 33_000),
                    flow: RegisterSample.udp
                )
            ]
        )
    }

    @Test("Two phones of one number behind two NATs, with one private address, both ring; each may move and go")
    func twins() {
        var office = RegisterSample.udp
        office.remote.host = "198.51.100.4"
        let hosts = { self.rig.registrar.targets(of: "1001", now: self.rig.now).map(\.target.host) }
        _ = self.rig.register(RegisterSample.register(callID: "home"))
        _ = self.rig.register(RegisterSample.register(callID: "office"), by: office)
        #expect(hosts() == ["203.0.113.9", "198.51.100.4"])
        // The same phone by another address of its NAT, and one that was started anew behind the same.
        office.remote.host = "198.51.100.5"
        _ = self.rig.register(RegisterSample.register(callID: "office", cSeq: 2), by: office)
        _ = self.rig.register(RegisterSample.register(callID: "home anew"))
        #expect(hosts() == ["203.0.113.9", "198.51.100.5"])
        _ = self.rig.register(RegisterSample.register(expires: "0", callID: "office", cSeq: 3), by: office)
        #expect(hosts() == ["203.0.113.9"])
    }

    @Test("A phone that is where its Contact says, and asks for no rport, is called there")
    func withoutNAT() {
        let contact = NameAddress(uri: SIPURI(user: "1001", host: "203.0.113.9", port: 5062))
        _ = self.rig.register(RegisterSample.register([.address(contact)], rport: .absent))
        #expect(
            self.rig.registrar.targets(of: "1001", now: self.rig.now) == [
                PhoneTarget(uri: contact.uri, target: SIPTarget(transport: .udp, host: "203.0.113.9", port: 5062))
            ]
        )
    }

    @Test("A sips Contact is called by TLS alone")
    func secureContact() {
        let contact = NameAddress(uri: SIPURI(scheme: .sips, user: "1001", host: "10.0.0.7"))
        _ = self.rig.register(RegisterSample.register([.address(contact)]))
        #expect(self.rig.registrar.targets(of: "1001", now: self.rig.now) == [])
        var tls = RegisterSample.tcp
        tls.transport = .tls
        _ = self.rig.register(RegisterSample.register([.address(contact)], cSeq: 2), by: tls)
        #expect(
            self.rig.registrar.targets(of: "1001", now: self.rig.now) == [
                PhoneTarget(
                    uri: contact.uri,
                    target: SIPTarget(transport: .tls, host: tls.remote.host, port: tls.remote.port),
                    flow: tls
                )
            ]
        )
    }

    @Test("RFC 5626 §5.3: a phone that registers by a connection is called by it")
    func connection() {
        let contact = NameAddress(uri: SIPURI(user: "1001", host: "203.0.113.9", port: 5062))
        _ = self.rig.register(RegisterSample.register([.address(contact)]), by: RegisterSample.tcp)
        let target = SIPTarget(transport: .tcp, host: "203.0.113.9", port: 5062)
        #expect(
            self.rig.registrar.targets(of: "1001", now: self.rig.now)
                == [PhoneTarget(uri: contact.uri, target: target, flow: RegisterSample.tcp)]
        )
        // Its Contact can still be reached once the connection is gone.
        #expect(self.rig.registrar.closed(RegisterSample.tcp).count == 1)
        #expect(
            self.rig.registrar.targets(of: "1001", now: self.rig.now).map(\.target)
                == [SIPTarget(transport: .udp, host: "203.0.113.9", port: 5062)]
        )
        #expect(self.rig.registrar.closed(RegisterSample.tcp) == [])
    }

    @Test("RFC 5626 §4.2: behind a NAT a binding ends with its connection")
    func lostConnection() {
        _ = self.rig.register(RegisterSample.register(), by: RegisterSample.tcp)
        #expect(self.rig.registrar.targets(of: "1001", now: self.rig.now).map(\.flow) == [RegisterSample.tcp])
        #expect(
            self.rig.registrar.closed(RegisterSample.tcp) == [BindingChange(phone: "1001", bindings: [])]
        )
        // One that has come back by another connection stays.
        _ = self.rig.register(RegisterSample.register(cSeq: 2), by: RegisterSample.tcp)
        var second = RegisterSample.tcp
        second.connection = 6
        _ = self.rig.register(RegisterSample.register(cSeq: 3), by: second)
        #expect(self.rig.registrar.closed(RegisterSample.tcp) == [])
        #expect(self.rig.registrar.targets(of: "1001", now: self.rig.now).map(\.flow) == [second])
    }

    @Test("A phone whose Contact is the far end of its connection is called by that alone: nobody listens there")
    func contactOfConnection() {
        let contact = NameAddress(uri: SIPURI(user: "1001", host: "203.0.113.9", port: RegisterSample.tcp.remote.port))
        _ = self.rig.register(RegisterSample.register([.address(contact)]), by: RegisterSample.tcp)
        #expect(self.rig.registrar.targets(of: "1001", now: self.rig.now).map(\.flow) == [RegisterSample.tcp])
        #expect(self.rig.registrar.closed(RegisterSample.tcp) == [BindingChange(phone: "1001", bindings: [])])
    }

    @Test("RFC 5626 §4.2: a phone at TLS is called by its own connection alone: none can be opened to it")
    func secureConnection() {
        let contact = NameAddress(uri: SIPURI(user: "1001", host: "203.0.113.9", port: 5061))
        var tls = RegisterSample.tcp
        tls.transport = .tls
        let kept = self.rig.register(RegisterSample.register([.address(contact)]), by: tls).change
        let target = SIPTarget(transport: .tls, host: tls.remote.host, port: tls.remote.port)
        #expect(
            self.rig.registrar.targets(of: "1001", now: self.rig.now)
                == [PhoneTarget(uri: contact.uri, target: target, flow: tls)]
        )
        #expect(self.rig.registrar.closed(tls) == [BindingChange(phone: "1001", bindings: [])])
        self.rig.registrar.restore([kept].compactMap { $0 }, now: self.rig.now)
        #expect(self.rig.hosts == [])
    }

    // MARK: Path and flows

    private static let path = SIPHeaders.Field("Path", "<sip:203.0.113.9;lr>, <sip:p1.example;lr;ob>")

    @Test("RFC 3327 §5.3: the Path is kept, becomes the Route of calls, and is told to whoever supports it")
    func path() throws {
        var request = RegisterSample.register(fields: [Self.path, .init("Supported", "outbound, path")])
        request.headers.via.append(Via(transport: .udp, host: "10.0.0.9", branch: "z9hG4bKx"))
        let reply = self.rig.register(request)
        #expect(reply.fields == [Self.path])
        let target = try #require(self.rig.registrar.targets(of: "1001", now: self.rig.now).first)
        #expect(target.route.map(\.uri.host) == ["203.0.113.9", "p1.example"])
        #expect(target.target == SIPTarget(transport: .udp, host: "203.0.113.9", port: 5060))
        #expect(target.flow == nil)
        let silent = RegisterSample.register(cSeq: 2, fields: [Self.path])
        #expect(self.rig.register(silent).fields == [])
    }

    @Test("Where Contact, maddr or Path name another than who registers, as a carrier, calls go back to the phone")
    func contactsOfOthers() {
        let carrier = "198.51.100.7"
        let source = SIPTarget(transport: .udp, host: "203.0.113.9", port: 33_000)
        let here = NameAddress(
            uri: SIPURI(user: "+1900", host: "203.0.113.9", parameters: .init([.init("maddr", carrier)]))
        )
        let there = NameAddress(uri: SIPURI(user: "+1900", host: carrier))
        for (contact, hasPath) in [(here, false), (there, false), (there, true)] {
            let rig = Rig()
            let fields = hasPath ? [SIPHeaders.Field("Path", "<sip:\(carrier);lr>")] : []
            var request = RegisterSample.register([.address(contact)], rport: .absent, fields: fields)
            // As if it had come through a proxy.
            request.headers.via.append(Via(transport: .udp, host: carrier, branch: "z9hG4bKx"))
            #expect(rig.register(request).status == 200)
            let targets = rig.registrar.targets(of: "1001", now: rig.now)
            #expect(targets.map(\.target) == [source])
            #expect(targets.map(\.flow) == [RegisterSample.udp])
            #expect(targets.map(\.route.count) == [hasPath ? 1 : 0])
        }
    }

    private static func flowContact(
        _ host: String,
        _ registration: String,
        instance: String = "\"<urn:uuid:1>\""
    ) -> Contact {
        RegisterSample.contact(host, ("+sip.instance", instance), ("reg-id", registration))
    }

    @Test("RFC 5626 §6: a binding with instance and reg-id is replaced whatever its Contact, and Require says so")
    func flows() {
        let first = self.rig.register(RegisterSample.register([Self.flowContact("a", "1")]))
        #expect(first.fields == [.init("Require", "outbound")])
        let moved = self.rig.register(RegisterSample.register([Self.flowContact("b", "1")], callID: "x"))
        #expect(moved.bindings == ["b 3600"])
        let second = self.rig.register(RegisterSample.register([Self.flowContact("b", "2")], callID: "y"))
        #expect(second.bindings == ["b 3600", "b 3600"])
        let twin = Self.flowContact("b", "1", instance: "\"<urn:uuid:2>\"")
        #expect(self.rig.register(RegisterSample.register([twin], callID: "z")).bindings.count == 3)
        // Without reg-id it is a Contact as any other.
        #expect(
            self.rig.register(RegisterSample.register([RegisterSample.contact("b")], callID: "w")).bindings.count == 4
        )
    }

    @Test("RFC 5626 §6: several Contacts with a flow are 400; a first hop that can't keep flows is 439")
    func flowRefusals() {
        let both = [Self.flowContact("a", "1"), Self.flowContact("b", "2")]
        #expect(self.rig.register(RegisterSample.register(both)).status == 400)
        var proxied = RegisterSample.register([Self.flowContact("a", "1")], fields: [.init("Supported", "outbound")])
        proxied.headers.via.append(Via(transport: .udp, host: "10.0.0.9", branch: "z9hG4bKx"))
        #expect(self.rig.register(proxied).status == 439)
        proxied.headers.fields.removeAll { $0.name == "Supported" }
        let reply = self.rig.register(proxied)
        #expect(reply.status == 200)
        #expect(reply.fields == [])
        proxied.headers.fields += [Self.path, .init("Supported", "path, outbound")]
        proxied.headers.cSeq.number = 2
        #expect(self.rig.register(proxied).fields == [Self.path, .init("Require", "outbound")])
    }

    // MARK: A store

    @Test("What was kept comes back, but for what has expired and what lived by a connection, as after the end of that")
    func restore() {
        let contacts = [RegisterSample.contact("a", ("expires", "60")), RegisterSample.contact("b")]
        let kept = self.rig.register(RegisterSample.register(contacts)).change
        let connected = self.rig.register(RegisterSample.register(callID: "t"), by: RegisterSample.tcp).change
        #expect(kept?.bindings.count == 2 && connected?.bindings.count == 3)
        let next = Rig()
        next.now = Self.now + .seconds(100)
        next.registrar.restore([connected].compactMap { $0 }, now: next.now)
        #expect(next.hosts == ["b"])
        #expect(next.registrar.targets(of: "1001", now: next.now).map(\.flow) == [RegisterSample.udp])
        #expect(next.registrar.nextDeadline == Self.now + .seconds(3_600))
        #expect(next.registrar.closed(RegisterSample.tcp) == [])
    }

    // MARK: Hostile input

    @Test("A thousand Contacts in one request are refused; one after the other they push each other out")
    func manyContacts() {
        let all = (0..<1_000).map { RegisterSample.contact("host\($0).example") }
        #expect(self.rig.register(RegisterSample.register(all)) == RegistrationReply(status: 403))
        for (index, contact) in all.enumerated() {
            self.rig.now = self.rig.now + .milliseconds(1)
            #expect(self.rig.register(RegisterSample.register([contact], cSeq: UInt32(index + 1))).status == 200)
        }
        #expect(self.rig.hosts == (990..<1_000).map { "host\($0).example" })
        #expect(self.rig.registrar.count == 10)
    }

    @Test("Contacts that nobody could call, and what is too long, are 400")
    func garbage() {
        let long = String(repeating: "x", count: 600)
        let contacts: [NameAddress] = [
            NameAddress(uri: SIPURI(scheme: .tel, user: "+15550000", host: "")),
            NameAddress(uri: SIPURI(scheme: .other("mailto"), host: "a@example")),
            NameAddress(uri: SIPURI(host: "")),
            NameAddress(uri: SIPURI(user: long, host: "a")),
            NameAddress(displayName: long, uri: SIPURI(host: "a")),
            NameAddress(uri: SIPURI(host: "a"), parameters: .init([.init("+sip.instance", long)])),
            NameAddress(uri: SIPURI(host: "a", parameters: .init([.init("transport", "ws")]))),
        ]
        for contact in contacts {
            #expect(self.rig.register(RegisterSample.register([.address(contact)])).status == 400)
        }
        #expect(self.rig.register(RegisterSample.register(callID: long)).status == 400)
        for value in ["", "<sip:p", long, "<tel:1>", Array(repeating: "<sip:p;lr>", count: 9).joined(separator: ",")] {
            #expect(self.rig.register(RegisterSample.register(fields: [.init("Path", value)])).status == 400)
        }
        #expect(self.rig.hosts == [])
    }

    @Test("Odd q, reg-id and instance values are as if they were not there", arguments: ["", "x", "-1", "0.1234", "2"])
    func oddParameters(value: String) {
        let contact = RegisterSample.contact("a", ("q", value), ("reg-id", "0"), ("+sip.instance", value))
        let reply = self.rig.register(RegisterSample.register([contact]))
        #expect(reply.status == 200)
        #expect(reply.fields == [])
        #expect(self.rig.registrar.targets(of: "1001", now: self.rig.now).map(\.q) == [1_000])
    }
}
