/// Finds the servers of a target that is named, as RFC 3263 §4 has it: transports by NAPTR, servers by SRV, then addresses.
///
/// ### Overview
/// A pure machine: `start` and each answer give the questions to ask now, or the addresses found.
///
/// ### Function
/// ```
///  transport ──▶ service ──▶ addresses ──▶ found
/// ```
/// A target enters where its `search` says. Of several services the first that has servers is taken; servers are tried
/// in the order of their priority and by weight (RFC 2782). Where there are no records of a kind, the next kind is asked
/// for by the name itself, with the default port.
///
/// ### Implementation
/// Whatever the answers hold, it asks for no more than four services and eight hosts, follows no name twice, and finds no
/// more than sixteen addresses.
package struct TargetSearch: Sendable {
    /// Sockets of ours: a transport, and a family of addresses.
    package struct Reach: Hashable, Sendable {
        package var transport: SIPTransportKind
        package var isIPv6: Bool

        package init(_ transport: SIPTransportKind, isIPv6: Bool) {
            self.transport = transport
            self.isIPv6 = isIPv6
        }
    }

    package enum Outcome: Hashable, Sendable {
        case ask([DNSQuestion])
        /// Other answers are still awaited.
        case wait
        /// Addresses, in the order in which they are to be tried; none where there are none. It is over.
        case found([SIPTarget])
    }

    fileprivate struct Service: Hashable {
        var transport: SIPTransportKind
        /// As `_sip._udp.example.org`.
        var name: String
    }

    fileprivate struct Server {
        var transport: SIPTransportKind
        var host: String
        var port: UInt16
    }

    private enum Stage {
        case idle
        case transports
        case services([Service])
        case addresses([Server])
        case over
    }

    private static let mostServices = 4
    private static let mostServers = 8
    private static let mostTargets = 16

    private let target: SIPTarget
    private let reach: [Reach]
    private var stage = Stage.idle
    private var pending: Set<DNSQuestion> = []
    private var answers: [DNSQuestion: [DNSRecord]] = [:]

    /// - Parameters:
    ///   - target: with a name for its host.
    ///   - reach: our sockets; of two families the first is preferred.
    package init(_ target: SIPTarget, reach: [Reach]) {
        self.target = target
        self.reach = reach
    }

    package mutating func start() -> Outcome {
        switch self.target.search {
        case .transport:
            self.stage = .transports
            return self.ask([DNSQuestion(.naptr, self.target.host)])
        case .service:
            return self.askServices([Service(self.target.transport, of: self.target.host)])
        case .addresses:
            return self.askAddresses([self.unnamed(self.target.transport, port: self.target.port)])
        }
    }

    /// An answer came; without records where there are none, or nobody answered.
    package mutating func received(
        _ records: [DNSRecord],
        to question: DNSQuestion,
        random: inout some RandomNumberGenerator
    ) -> Outcome {
        guard self.pending.remove(question) != nil else { return .wait }
        self.answers[question] = records
        guard self.pending.isEmpty else { return .wait }
        switch self.stage {
        case .idle, .over: return .wait
        case .transports: return self.foundTransports(records)
        case .services(let services): return self.foundServices(services, random: &random)
        case .addresses(let servers): return self.foundAddresses(of: servers)
        }
    }

    private mutating func ask(_ questions: [DNSQuestion]) -> Outcome {
        self.pending = Set(questions)
        return .ask(self.pending.count == questions.count ? questions : Array(self.pending))
    }

    // MARK: Transports (§4.1)

    private mutating func foundTransports(_ records: [DNSRecord]) -> Outcome {
        let pointers = records.compactMap { record -> (order: UInt16, preference: UInt16, service: Service)? in
            guard case .pointer(let order, let preference, let flags, let name, let replacement) = record,
                flags.equalsIgnoringCase("s"), let transport = self.transport(of: name)
            else { return nil }
            return (order, preference, Service(transport: transport, name: replacement))
        }
        let services = pointers.sorted { ($0.order, $0.preference) < ($1.order, $1.preference) }.map { $0.service }
        guard services.isEmpty else { return self.askServices(Array(services.prefix(Self.mostServices))) }
        let transports = self.isSecure ? [.tls] : [SIPTransportKind.udp, .tcp, .tls]
        return self.askServices(
            transports.filter(self.reaches).map { Service($0, of: self.target.host) }
        )
    }

    /// A `sips` URI allows TLS alone.
    private var isSecure: Bool { self.target.transport == .tls }

    /// The transport that a NAPTR service names, where we have it and may take it.
    private func transport(of service: String) -> SIPTransportKind? {
        let transport: SIPTransportKind
        if service.equalsIgnoringCase("SIP+D2U") {
            transport = .udp
        } else if service.equalsIgnoringCase("SIP+D2T") {
            transport = .tcp
        } else if service.equalsIgnoringCase("SIPS+D2T") {
            transport = .tls
        } else {
            return nil
        }
        return self.reaches(transport) && (transport == .tls || !self.isSecure) ? transport : nil
    }

    private func reaches(_ transport: SIPTransportKind) -> Bool {
        self.reach.contains { $0.transport == transport }
    }

    // MARK: Servers (§4.2)

    private mutating func askServices(_ services: [Service]) -> Outcome {
        guard !services.isEmpty else { return self.askAddresses([]) }
        self.stage = .services(services)
        return self.ask(services.map { DNSQuestion(.srv, $0.name) })
    }

    private mutating func foundServices(
        _ services: [Service],
        random: inout some RandomNumberGenerator
    ) -> Outcome {
        var isDenied = false
        for service in services {
            let records = self.answers[DNSQuestion(.srv, service.name)] ?? []
            let arranged = WeightedOrder.arrange(records.filter { $0.isService }, by: { $0.rank }, random: &random)
            let servers = arranged.compactMap { $0.server(service.transport) }.prefix(Self.mostServers)
            guard servers.isEmpty else { return self.askAddresses(Array(servers)) }
            // Its single record says that there is none (RFC 2782).
            if !arranged.isEmpty { isDenied = true }
        }
        guard !isDenied else { return self.askAddresses([]) }
        let standard = self.target.transport
        let transport = self.reaches(standard) || self.isSecure ? standard : self.reach.first?.transport ?? standard
        return self.askAddresses([self.unnamed(transport, port: transport.defaultPort)])
    }

    /// The target's own name as a server.
    private func unnamed(_ transport: SIPTransportKind, port: UInt16) -> Server {
        Server(transport: transport, host: self.target.host, port: port)
    }

    // MARK: Addresses

    private mutating func askAddresses(_ servers: [Server]) -> Outcome {
        let questions = servers.flatMap { self.questions($0) }
        guard !questions.isEmpty else {
            self.stage = .over
            return .found([])
        }
        self.stage = .addresses(servers)
        return self.ask(questions)
    }

    private func questions(_ server: Server) -> [DNSQuestion] {
        self.reach.filter { $0.transport == server.transport }.map {
            DNSQuestion($0.isIPv6 ? .ipv6 : .ipv4, server.host)
        }
    }

    private mutating func foundAddresses(of servers: [Server]) -> Outcome {
        self.stage = .over
        var found: [SIPTarget] = []
        for server in servers {
            for question in self.questions(server) {
                for case .address(let host) in self.answers[question] ?? [] {
                    var target = SIPTarget(transport: server.transport, host: host, port: server.port)
                    // Whatever DNS says, it is the name that was asked for which a server has to prove (RFC 5922 §4).
                    if server.transport == .tls { target.name = self.target.host }
                    guard found.count < Self.mostTargets else { return .found(found) }
                    if !found.contains(target) { found.append(target) }
                }
            }
        }
        return .found(found)
    }
}

extension TargetSearch.Service {
    /// The service of a transport at a domain (§4.1).
    fileprivate init(_ transport: SIPTransportKind, of domain: String) {
        self.transport = transport
        switch transport {
        case .udp: self.name = "_sip._udp.\(domain)"
        case .tls: self.name = "_sips._tcp.\(domain)"
        case .tcp, .other: self.name = "_sip._tcp.\(domain)"
        }
    }
}

extension DNSRecord {
    fileprivate var isService: Bool {
        switch self {
        case .service: true
        case .address, .pointer: false
        }
    }

    fileprivate var rank: (priority: UInt16, weight: UInt16) {
        switch self {
        case .service(let priority, let weight, _, _): (priority, weight)
        case .address, .pointer: (0, 0)
        }
    }
}

extension DNSRecord {
    /// The server that an SRV record names; nil where it names none that could be asked for.
    fileprivate func server(_ transport: SIPTransportKind) -> TargetSearch.Server? {
        switch self {
        case .service(_, _, let port, let host):
            guard port > 0, host.isHostName else { return nil }
            // Complete as it is, whatever the system would append.
            return TargetSearch.Server(transport: transport, host: host.hasSuffix(".") ? host : host + ".", port: port)
        case .address, .pointer:
            return nil
        }
    }
}
