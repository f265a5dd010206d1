import CallCore
import CallRuntime
import ClientProtocol
import SIPCore

/// A table with one trunk, and apps that speak to it; the clock stands still unless a test moves it.
final class TableFixture {
    let table: CallTable
    var now = Instant(nanoseconds: 1_000_000_000)
    private var nextConnection: UInt64 = 0

    static let trunkAddress = SIPAddress(host: "192.0.2.9", port: 5060)

    init(
        limits: CallLimits = CallLimits(),
        allowTrunks: [String] = [],
        relay: RelayPolicy? = nil,
        phones: PhoneRegistry? = nil,
        groups: [Group] = [],
        trunks: [Trunk] = [],
        rows: [DialPlan.Row] = []
    ) {
        let trunk = Trunk(
            name: "pbx",
            servers: [
                .init(uri: SIPURI(host: "192.0.2.9"), target: SIPTarget(transport: .udp, host: "192.0.2.9", port: 5060))
            ],
            acceptFrom: [AddressPrefix("192.0.2.9")].compactMap { $0 },
            relay: relay
        )
        let spare = Trunk(
            name: "spare",
            servers: [
                .init(
                    uri: SIPURI(host: "192.0.2.10"),
                    target: SIPTarget(transport: .udp, host: "192.0.2.10", port: 5060)
                )
            ],
            acceptFrom: [AddressPrefix("192.0.2.10")].compactMap { $0 },
            relay: relay
        )
        let directory = Directory(
            users: [
                .init(id: .number("42"), username: "Alice", aliases: ["2042"]),
                .init(id: .number("43"), username: "Carol", phones: ["1001"]),
                .init(id: .number("44"), username: "Away", maxDuration: .seconds(5)),
            ],
            groups: groups
        )
        let dialPlan = DialPlan(
            rows: rows + [
                .init(trunk: "pbx", allow: [.number("42")]) { $0.hasPrefix("00") ? $0 : nil },
                .init(trunks: ["pbx", "spare"]) { $0.hasPrefix("7") ? $0 : nil },
                .init(trunk: "pbx", allowTrunks: allowTrunks) { $0.count == 4 || $0.count == 3 ? $0 : nil },
            ]
        )
        let router = Router(
            directory: directory,
            dialPlan: dialPlan,
            trunks: [trunk, spare] + trunks,
            domains: ["192.0.2.1"]
        )
        let listener = SIPListener(transport: .udp, address: SIPAddress(host: "192.0.2.1", port: 5060))
        self.table = CallTable(
            configuration: .init(router: router, limits: limits),
            userAgent: SIPUserAgent(
                configuration: .init(listeners: [listener]),
                tokens: TokenSource(Counting(state: 1)),
                phones: phones
            ),
            random: Counting(state: 2)
        )
    }

    /// Connects an app of that user.
    func connect(
        _ user: PartyID,
        _ profile: ClientProfile = .baseline,
        expiresAt: UInt64? = nil
    ) -> TableApp {
        self.nextConnection += 1
        let connection = ConnectionID(rawValue: self.nextConnection)
        self.table.receive(
            .connected(
                connection,
                ClientIdentity(userID: user, username: "name of \(user.text)", expiresAt: expiresAt),
                profile
            ),
            now: self.now
        )
        return TableApp(fixture: self, connection: connection)
    }

    /// What went to that connection since it was asked last.
    func take(_ connection: ConnectionID) -> [ClientEvent] {
        for outbound in self.table.takeClientOutbound() {
            switch outbound {
            case .send(let connection, let event): self.inboxes[connection, default: []].append(event)
            case .close(let connection, let reason): self.closed[connection] = reason
            }
        }
        defer { self.inboxes[connection] = nil }
        return self.inboxes[connection] ?? []
    }

    private var inboxes: [ConnectionID: [ClientEvent]] = [:]
    /// The sockets that the table closed.
    private(set) var closed: [ConnectionID: ClientClose] = [:]

    /// The requests and responses that went to phones since it was asked last.
    func takeSIP() -> [SIPMessage] {
        self.table.takeSIPOutbound().map { $0.message }
    }

    /// An INVITE of the trunk.
    func invite(
        _ user: String,
        host: String = "192.0.2.1",
        from address: SIPAddress = TableFixture.trunkAddress,
        caller: String = "2001",
        callID: String = "call-1",
        sdp: String = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n",
        fields: [SIPHeaders.Field] = []
    ) {
        let headers = SIPHeaders(
            via: [Via(transport: .udp, host: address.host, port: address.port, branch: "z9hG4bK\(callID)")],
            from: NameAddress(
                displayName: "Desk",
                uri: SIPURI(user: caller, host: "192.0.2.9"),
                parameters: SIPParameters([.init("tag", "from")])
            ),
            to: NameAddress(uri: SIPURI(user: user, host: host)),
            callID: callID,
            cSeq: CSeq(1, .invite),
            maxForwards: 70,
            contact: [.address(NameAddress(uri: SIPURI(user: caller, host: address.host)))],
            contentType: sdp.isEmpty ? nil : "application/sdp",
            fields: fields
        )
        let request = SIPRequest(
            method: .invite,
            uri: SIPURI(user: user, host: host),
            headers: headers,
            body: Array(sdp.utf8)
        )
        self.table.receive(
            .message(.request(request), SIPFlow(transport: .udp, remote: address, listener: 0)),
            now: self.now
        )
    }

    /// The statuses of the responses that went out since it was asked last.
    func takeStatuses() -> [UInt16] {
        self.takeSIP().compactMap { message in
            switch message {
            case .response(let response): response.status
            case .request: nil
            }
        }
    }
}

/// One socket of a user.
struct TableApp {
    let fixture: TableFixture
    let connection: ConnectionID

    func send(_ action: ClientAction, requestID: String? = nil) {
        let request = ClientRequest(action: action, requestID: requestID.map { JSONFragment(utf8: Array($0.utf8)) })
        self.fixture.table.receive(.received(self.connection, request), now: self.fixture.now)
    }

    /// What came since it was asked last.
    func take() -> [ClientEvent] { self.fixture.take(self.connection) }

    /// The types of what came since it was asked last.
    func takeNames() -> [String] { self.take().map { $0.name } }

    /// The code of the one error that came.
    func takeError() -> ClientError.Code? {
        let events = self.take()
        guard events.count == 1, case .error(let error) = events[0] else { return nil }
        return error.code
    }

    /// The id of the call in the one `incoming_call` that came.
    func takeIncoming() -> String? {
        let events = self.take()
        guard events.count == 1, case .incomingCall(let callID, _, _, _) = events[0] else { return nil }
        return callID
    }

    func disconnect() { self.fixture.table.receive(.disconnected(self.connection), now: self.fixture.now) }
}

/// Numbers that differ, the same ones in each run.
struct Counting: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
