import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore

extension World {
    /// Users of each gateway; the last one has a phone, too.
    private static let users: [[PartyID]] = [
        [.number("11"), .number("12"), .string("13"), .string("ann"), .string("abe"), .string("ada")],
        [.number("21"), .number("22"), .string("23"), .string("bob"), .string("ben"), .string("bea")],
    ]

    /// Builds both gateways with all that is around them, and plans the run.
    func build() {
        let trunkIsReliable = self.random.chance(20)
        let timers = SIPTimers(timerC: .seconds(self.random.chance(30) ? 15 : 180))
        let ring = Span.seconds(self.random.chance(30) ? 25 : 60)
        for index in 0..<2 { self.buildNodes(index) }
        for index in 0..<2 {
            self.buildGateway(
                index,
                timers: timers,
                callTimers: CallTimers(ring: self.isCalm ? .seconds(60) : ring),
                trunkIsReliable: trunkIsReliable
            )
            self.buildPhones(index)
            self.buildDevices(index)
        }
        self.planRun()
    }

    private var isCalm: Bool { self.profile.isCooperative }

    private static func host(_ gateway: Int) -> String { "10.0.0.\(gateway + 1)" }
    private static func phoneHost(_ gateway: Int, _ index: Int) -> String { "10.0.\(gateway + 1).\(index)" }
    private static func phoneNumber(_ gateway: Int, _ index: Int) -> String { "\(gateway + 1)0\(index)" }
    private static func standInNumber(_ gateway: Int) -> String { "\(gateway + 1)70" }
    private static func groupNumber(_ gateway: Int, _ order: Group.Order) -> String {
        "\(gateway + 1)6\(order == .all ? 0 : 1)"
    }
    private static func proxyNumber(_ gateway: Int) -> String { "\(gateway + 1)50" }

    /// Those that register where phones do: plain, a user's, and one over TCP.
    private static let registering = [3, 4, 6]
    /// The members of the groups.
    private static let grouped = [1, 6, 5]
    private static let password = "a phone's"

    /// Whether a call may ring it long after it has begun.
    static func waitsForItsTurn(_ phone: Phone) -> Bool {
        Self.grouped.contains(Int(phone.number.suffix(1)) ?? 0)
    }

    private func registers(_ number: String) -> Bool {
        self.profile.registers && Self.registering.contains(Int(number.suffix(1)) ?? 0) && !number.hasSuffix("50")
    }

    /// The phones that may register at a gateway.
    private func registry(_ gateway: Int) -> PhoneRegistry {
        let host = Self.host(gateway)
        let accounts = Self.registering.map { index in
            let credentials = DigestCredentials(username: Self.phoneNumber(gateway, index), password: Self.password)
            return PhoneAccount(name: credentials.username, secrets: DigestSecrets(credentials, realm: host))
        }
        return PhoneRegistry(
            configuration: .init(
                domains: [host],
                // Short, so that phones meet with nonces that are dead.
                digest: .init(realm: host, lifetime: .seconds(30), algorithms: [.md5]),
                limits: RegistrarLimits(minimumExpires: 10)
            ),
            accounts: accounts,
            key: (0..<32).map { _ in UInt8(truncatingIfNeeded: self.random.next()) }
        )
    }

    private func add(_ host: String, _ name: String, _ link: Link, takesStreams: Bool) {
        self.nodes[host] = NetworkNode(host: host, name: name, link: link, takesStreams: takesStreams)
    }

    private func node(_ host: String) -> NetworkNode {
        guard let node = self.nodes[host] else { preconditionFailure("Every host is built before it is used") }
        return node
    }

    private func buildNodes(_ gateway: Int) {
        let letter = gateway == 0 ? "A" : "B"
        self.add(Self.host(gateway), letter, self.trunkLink, takesStreams: true)
        for index in 1...6 {
            // The last two speak TCP; of the others some take it.
            self.add(
                Self.phoneHost(gateway, index),
                "phone\(Self.phoneNumber(gateway, index))",
                Self.link(self.profile, &self.random),
                takesStreams: index > 4 || self.random.chance(40)
            )
        }
        let shared = Self.link(self.profile, &self.random)
        self.add(Self.phoneHost(gateway, 50), "proxy\(Self.proxyNumber(gateway))", shared, takesStreams: false)
        for index in 51...53 {
            self.add(
                Self.phoneHost(gateway, index),
                "phone\(Self.proxyNumber(gateway))-\(index)",
                shared,
                takesStreams: false
            )
        }
    }

    private func buildGateway(_ index: Int, timers: SIPTimers, callTimers: CallTimers, trunkIsReliable: Bool) {
        let host = Self.host(index)
        let other = Self.host(1 - index)
        let listeners = [
            SIPListener(transport: .udp, address: SIPAddress(host: host, port: 5060)),
            SIPListener(transport: .tcp, address: SIPAddress(host: host, port: 5060)),
        ]
        let registry = self.profile.registers ? self.registry(index) : nil
        let agent = SIPUserAgent(
            configuration: .init(
                listeners: listeners,
                timers: timers,
                sessionTimers: self.profile.hasExtensions
                    ? SessionTimers(interval: UInt32(Phone.sessionSeconds), minimum: 60) : SessionTimers()
            ),
            tokens: TokenSource(self.random.fork()),
            phones: registry
        )
        let phones = (1...6).map { Self.phoneNumber(index, $0) } + [Self.proxyNumber(index)]
        // Nothing is drawn where there is none, so that such runs go the way that they always went.
        var relay = self.profile.relays ? RelayPolicy(answering: self.random.chance(30) ? .fast : .safe) : nil
        // Who comes by a transfer may have no codec of the other's, and good people's transfers all succeed.
        if self.profile.transfers {
            relay?.transcodes = self.isCalm || self.random.chance(50)
            if self.isCalm { relay?.codecs.removeAll { !$0.isTranscoded } }
        }
        var trunks: [Trunk] = []
        var rows: [DialPlan.Row] = []
        for number in phones where !self.registers(number) {
            let isProxy = number == Self.proxyNumber(index)
            let phone = Self.phoneHost(index, isProxy ? 50 : Int(number.suffix(1)) ?? 1)
            let isTCP = number.hasSuffix("5") || number.hasSuffix("6")
            trunks.append(
                Trunk(
                    name: number,
                    servers: [
                        .init(
                            uri: SIPURI(host: phone),
                            target: SIPTarget(transport: isTCP ? .tcp : .udp, host: phone, port: 5060)
                        )
                    ],
                    credentials: number.hasSuffix("2") ? DigestCredentials(username: "gw", password: "secret") : nil,
                    acceptFrom: [AddressPrefix(phone)].compactMap { $0 },
                    relay: relay
                )
            )
            rows.append(
                DialPlan.Row(trunk: number, allowTrunks: phones + ["peer"]) { $0 == number ? $0 : nil }
            )
        }
        trunks.append(
            Trunk(
                name: "peer",
                servers: [
                    .init(
                        uri: SIPURI(host: other),
                        target: SIPTarget(transport: trunkIsReliable ? .tcp : .udp, host: other, port: 5060)
                    )
                ],
                acceptFrom: [AddressPrefix(other)].compactMap { $0 },
                tryTimeout: .seconds(6),
                // From gateway to gateway a PRACK is sure to come.
                reliability: self.profile.hasExtensions ? .required : .usual,
                relay: relay
            )
        )
        rows.append(
            DialPlan.Row(trunk: "peer", allowTrunks: phones) {
                $0.utf8.first == UInt8(ascii: "9") ? String($0.dropFirst()) : nil
            }
        )
        rows.append(DialPlan.Row(trunk: "peer", allow: []) { $0 == "666" ? $0 : nil })
        rows.append(
            DialPlan.Row(trunks: [phones[0], phones[4], phones[2]], allowTrunks: phones + ["peer"]) {
                $0 == Self.standInNumber(index) ? phones[0] : nil
            }
        )
        // Phones alone: what ends for one of a group's apps is not the end of the call, and the auditor of apps counts on that.
        let groups = [Group.Order.all, .inTurn].map { order in
            Group(
                name: "\(order)",
                numbers: [Self.groupNumber(index, order)],
                members: Self.grouped.map { .string(phones[$0]) },
                ring: order,
                ringTime: .seconds(6)
            )
        }
        let family = Directory.User(
            id: Self.users[index][5],
            username: "Family",
            aliases: ["family\(index)"],
            phones: [Self.phoneNumber(index, 4)]
        )
        let router = Router(
            directory: Directory(users: [family], groups: groups),
            dialPlan: DialPlan(rows: rows),
            trunks: trunks,
            domains: [host],
            phoneRelay: relay
        )
        let table = CallTable(
            configuration: .init(
                router: router,
                timers: callTimers,
                limits: CallLimits(callsPerUser: self.isCalm ? 50 : 8, callRatePerUser: 1000)
            ),
            userAgent: agent,
            random: self.random.fork()
        )
        let gateway = GatewayNode(world: self, node: self.node(host), table: table, registry: registry)
        if let relay {
            gateway.relay = SimulatedRelay(
                world: self,
                gateway: gateway,
                transcodes: relay.transcodes,
                random: self.random.fork()
            )
        }
        gateway.node.role = .gateway(gateway)
        self.gateways.append(gateway)
    }

    private func buildPhones(_ gateway: Int) {
        func phone(_ index: Int, _ number: String) -> Phone {
            let node = self.node(Self.phoneHost(gateway, index))
            let phone = Phone(
                world: self,
                node: node,
                number: number,
                transport: index == 5 || index == 6 ? .tcp : .udp,
                gatewayHost: Self.host(gateway),
                asksForCredentials: index == 2,
                random: self.random.fork()
            )
            node.role = .phone(phone)
            self.phones.append(phone)
            if self.registers(number) {
                phone.registrant = Registrant(phone: phone, password: Self.password)
                self.schedule(.phone(phone, .register(.begin)), after: self.random.milliseconds(0, 500))
            }
            return phone
        }
        for index in 1...6 { _ = phone(index, Self.phoneNumber(gateway, index)) }
        let forks = (51...53).map { phone($0, Self.proxyNumber(gateway)) }
        let node = self.node(Self.phoneHost(gateway, 50))
        let proxy = ForkingProxy(
            world: self,
            node: node,
            number: Self.proxyNumber(gateway),
            phones: forks,
            recordsRoute: self.random.chance(50),
            random: self.random.fork()
        )
        node.role = .proxy(proxy)
        self.proxies.append(proxy)
    }

    private func buildDevices(_ gateway: Int) {
        for user in Self.users[gateway] {
            for _ in 0..<self.random.pick([1, 1, 2, 3]) {
                let device = AppDevice(
                    world: self,
                    index: self.devices.count,
                    gateway: self.gateways[gateway],
                    identity: ClientIdentity(userID: user, username: "User \(user.text)"),
                    profile: self.random.chance(50) ? .extended : .baseline,
                    random: self.random.fork()
                )
                self.devices.append(device)
                self.schedule(.device(device, .connect), after: self.random.milliseconds(0, 500))
            }
        }
    }

    // MARK: The plan

    private func planRun() {
        let spread = UInt64(self.profile.spread) * 1_000_000_000
        // Good people call when all have registered.
        let first: UInt64 = self.profile.registers ? 6_000_000_000 : 1_500_000_000
        for number in 0..<self.profile.calls {
            self.schedule(.begin(number), after: first + self.random.next() % spread)
        }
        for stage in 1...4 {
            self.queue.insert(.stop(stage), at: self.stopTime + UInt64(stage - 1) * 45_000_000_000)
        }
        guard self.profile.hasCuts else { return }
        func someTime() -> UInt64 { self.random.next() % (spread + 20_000_000_000) }
        if self.random.chance(12) { self.planCut(self.trunkLink, after: someTime()) }
        for node in self.nodes.values.sorted(by: { $0.host < $1.host }) {
            guard case .phone(let phone) = node.role else { continue }
            if self.random.chance(4) { self.planCut(node.link, after: someTime()) }
            if self.random.chance(4) { self.schedule(.chaos(.vanish(phone)), after: someTime()) }
            if node.takesStreams, self.random.chance(20) {
                self.schedule(.chaos(.breakStreams(node)), after: someTime())
            }
        }
        for gateway in self.gateways where self.random.chance(5) {
            self.schedule(.chaos(.breakStreams(gateway.node)), after: someTime())
        }
    }

    private func planCut(_ link: Link, after span: UInt64) {
        let length = self.random.milliseconds(500, 40_000)
        self.schedule(.chaos(.cut(link, until: self.now + span + length)), after: span)
    }

    // MARK: Calls

    /// Begins a call between two parties that the seed draws.
    func begin(_ number: Int) {
        let gateway = self.random.below(2)
        var dialled = self.drawCallee(gateway)
        if self.random.chance(60) {
            let own = self.devices.filter { $0.gateway === self.gateways[gateway] }
            var device = self.random.pick(own)
            // A baseline caller has no other name for its call than the callee's; good people do not call themselves.
            for _ in 0..<20 where !device.mayCall(dialled) {
                device = self.random.pick(own)
                dialled = self.drawCallee(gateway)
            }
            device.call(dialled, origin: number)
        } else {
            let phone = self.phones[gateway * 9 + self.random.below(6)]
            // Where it registers a phone does not ring itself.
            while self.profile.registers, dialled.text == phone.number { dialled = self.drawCallee(gateway) }
            phone.call(dialled.text, origin: number)
        }
    }

    /// Draws whom a call is transferred to: of good people none who has part in it.
    func drawTarget(_ gateway: Int, besides parties: [String]) -> PartyID {
        func bare(_ name: String) -> Substring {
            let user = name.hasPrefix("sip:") ? name.dropFirst(4).prefix { $0 != "@" } : name[...]
            return user.drop { $0 == "9" }
        }
        // The phone that has answered for its user does not ring itself.
        let usersPhone = self.profile.registers ? [Self.phoneNumber(gateway, 4)] : []
        var target = self.drawCallee(gateway)
        while self.isCalm, (parties + usersPhone).contains(where: { bare($0) == bare(target.text) }) {
            target = self.drawCallee(gateway)
        }
        return target
    }

    private func drawCallee(_ gateway: Int) -> PartyID {
        func party(_ gateway: Int) -> PartyID {
            switch self.random.below(100) {
            case 0..<55: self.random.pick(Self.users[gateway])
            case 55..<85: .string(Self.phoneNumber(gateway, self.random.between(1, 6)))
            default: .string(Self.proxyNumber(gateway))
            }
        }
        if !self.isCalm, self.random.chance(5) { return .string(self.random.pick(["777", "666", "nobody", "9777"])) }
        if !self.isCalm, self.random.chance(15) {
            let own = [
                Self.standInNumber(gateway), Self.groupNumber(gateway, .all), Self.groupNumber(gateway, .inTurn),
            ]
            return .string(self.random.pick(own))
        }
        if self.random.chance(35) { return .string("9" + party(1 - gateway).text) }
        let callee = party(gateway)
        return self.random.chance(20) && callee.isNumber ? .string(callee.text) : callee
    }
}
