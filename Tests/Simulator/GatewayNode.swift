import CallCore
import CallRuntime
import ClientProtocol
import MediaCore
import SIPCore

/// A whole gateway, and the checks of what it says to the outside.
final class GatewayNode {
    unowned let world: World
    let node: NetworkNode
    let table: CallTable
    let auditor: ClientAuditor
    /// The final responses that were sent, by transaction.
    private var finals: [String: (status: UInt16, tag: String?, sent: UInt64)] = [:]
    private var faultsLeft = 3
    /// The Call-IDs of phones that were told that their transfer succeeded.
    private var transferred: Set<String> = []
    /// The phones that may register here; nil: none may.
    private let registry: PhoneRegistry?
    /// What a store would have kept: the phones that are registered.
    private var kept: Set<String> = []
    /// The INVITEs of calls to phones that register, by branch.
    private var invited: Set<String> = []
    var links: [ConnectionID: AppLink] = [:]
    /// Nil: all media passes through.
    var relay: SimulatedRelay?

    var name: String { self.node.name }

    init(world: World, node: NetworkNode, table: CallTable, registry: PhoneRegistry?) {
        self.registry = registry
        self.world = world
        self.node = node
        self.table = table
        self.auditor = ClientAuditor(world: world, name: node.name)
    }

    private var now: Instant { Instant(nanoseconds: self.world.now) }

    // MARK: In

    func receive(_ inbound: ClientInbound, origin: Int) {
        var request: (ConnectionID, ClientRequest)?
        switch inbound {
        case .connected(let connection, _, let profile):
            self.auditor.connected(connection, profile)
        case .received(let connection, let received):
            request = (connection, received)
            self.note("\(self.links[connection]?.device.name ?? "?") -> \(self.name)", received)
            if self.world.profile.plantedFault == .deafToHangUp, self.faultsLeft > 0, case .hangUp = received.action {
                self.faultsLeft -= 1
                self.auditor.audit(request, [], calls: 0, phones: 0)
                return
            }
            if self.world.profile.plantedFault == .deafToAnswer, case .answer = received.action { return }
        case .disconnected(let connection):
            self.auditor.disconnected(connection)
        }
        let calls = self.table.statistics.calls
        self.table.receive(inbound, now: self.now)
        self.flush(request, calls: calls, cause: request?.1.action.callID)
        if case .disconnected(let connection) = inbound { self.links[connection] = nil }
    }

    func receive(_ inbound: SIPInbound) {
        self.table.receive(inbound, now: self.now)
        var cause: String?
        var isRedirect = false
        if case .message(let message, _) = inbound {
            cause = message.headers.callID
            if case .response(let response) = message { isRedirect = response.status == 302 }
        }
        self.flush(nil, calls: 0, cause: cause, isRedirect: isRedirect)
    }

    func receive(_ event: MediaEvent) {
        self.world.recorder?.note(self.world.seconds, "relay -> \(self.name)  \(event)", call: nil)
        self.table.receive(event, now: self.now)
        self.flush(nil, calls: 0, cause: nil)
    }

    func wake() {
        self.table.timeoutReached(now: self.now)
        self.flush(nil, calls: 0, cause: nil)
    }

    func endAllCalls() {
        self.table.beginDraining()
        self.table.endAllCalls(.shuttingDown, now: self.now)
        self.flush(nil, calls: 0, cause: nil)
    }

    // MARK: Out

    private func flush(
        _ request: (ConnectionID, ClientRequest)?,
        calls: Int,
        cause: String?,
        isRedirect: Bool = false
    ) {
        let media = self.table.takeMediaOutbound()
        for order in media {
            self.world.recorder?.note(self.world.seconds, "\(self.name) -> relay  \(order)", call: nil)
        }
        if self.relay == nil, !media.isEmpty { self.world.violate("orders for a relay that is not there", call: nil) }
        self.relay?.perform(media)
        for change in self.table.takeBindingChanges() {
            self.plantEternity(in: change)
            if change.bindings.isEmpty { self.kept.remove(change.phone) } else { self.kept.insert(change.phone) }
        }
        let clients = self.planted(self.table.takeClientOutbound())
        let phones = self.table.takeSIPOutbound()
        if let recorder = self.world.recorder { self.join(recorder, cause, clients, phones) }
        self.auditor.audit(request, clients, calls: calls - self.table.statistics.calls, phones: phones.count)
        for outbound in clients {
            switch outbound {
            case .send(let connection, let event):
                if isRedirect, case .incomingCall = event { self.world.redirects += 1 }
                guard let link = self.links[connection] else { continue }
                self.note("\(self.name) -> \(link.device.name)", event)
                link.device.deliver(event, over: link)
            case .close(let connection, let reason):
                self.auditor.auditClose(connection, reason)
                self.links[connection]?.device.close()
            }
        }
        for outbound in phones {
            guard !self.isSwallowed(outbound.message) else { continue }
            self.check(outbound.message)
            self.checkCallee(outbound.message)
            self.world.transmit(outbound, from: self.node, self)
        }
    }

    /// Nothing after a final response but its repetition (RFC 3261 §17.2).
    private func check(_ message: SIPMessage) {
        guard case .response(var response) = message, let via = response.headers.via.first else { return }
        let key = "\(via.host) \(via.branch) \(response.headers.cSeq.method.name)"
        let fault = self.world.profile.plantedFault == .secondFinal && self.faultsLeft > 0
        if let final = self.finals[key] {
            if fault { response.status = 599 }
            // After Timer J or L a repetition is a new request to the gateway.
            if self.world.now > final.sent + 31_000_000_000 { return }
            if final.status != response.status || final.tag != response.headers.to.tag {
                self.world.violate(
                    "gateway \(self.name) sent \(response.status) after its final \(final.status)",
                    call: response.headers.callID
                )
            }
        } else if response.status >= 200 {
            self.finals[key] = (response.status, response.headers.to.tag, self.world.now)
        }
    }

    /// A registered phone is called only as long as it is registered.
    private func checkCallee(_ message: SIPMessage) {
        guard self.world.profile.registers, case .request(let request) = message, request.method == .invite,
            request.headers.to.tag == nil, let branch = request.headers.via.first?.branch,
            self.invited.insert(branch).inserted,
            let registrant = self.world.nodes[request.uri.host]?.phone?.registrant
        else { return }
        // What it sent last may have been three seconds on its way, and a group's third member waits twelve for its turn.
        let late: UInt64 = World.waitsForItsTurn(registrant.phone) ? 15_000_000_000 : 3_000_000_000
        guard self.world.now > registrant.latest + late else { return }
        self.world.violate(
            "gateway \(self.name) calls \(registrant.phone.node.name), whose binding is over",
            call: request.headers.callID
        )
    }

    /// At the end nobody is registered, here and in the store.
    func auditBindings() {
        let left = self.table.statistics.bindings
        guard left != 0 || !self.kept.isEmpty else { return }
        self.world.violate(
            "gateway \(self.name) keeps \(left) bindings, and \(self.kept.sorted()) in its store",
            call: nil
        )
    }

    // MARK: Planted faults

    private func plantEternity(in change: BindingChange) {
        guard self.world.profile.plantedFault == .eternalBindings else { return }
        var change = change
        for index in change.bindings.indices { change.bindings[index].expiresAt = self.now + .seconds(100_000) }
        self.registry?.restore([change], now: self.now)
    }

    private func isSwallowed(_ message: SIPMessage) -> Bool {
        guard let fault = self.world.profile.plantedFault, case .request(let request) = message else { return false }
        switch fault {
        case .neverAcks: return request.method == .ack
        case .neverEnds: return request.method == .bye
        case .keptTransferor:
            let call = request.headers.callID
            if request.isLastNotice, String(decoding: request.body, as: UTF8.self).contains("200") {
                self.transferred.insert(call)
            }
            return request.method == .bye && self.transferred.contains(call)
        case .lostAcks, .swallowedEnding, .doubledEnding, .deafToHangUp, .deafToAnswer, .secondFinal, .eternalBindings:
            return false
        }
    }

    private func planted(_ events: [ClientOutbound]) -> [ClientOutbound] {
        guard let fault = self.world.profile.plantedFault, self.faultsLeft > 0 else { return events }
        guard let index = events.firstIndex(where: { $0.isHangUp }) else { return events }
        var events = events
        switch fault {
        case .swallowedEnding:
            self.faultsLeft -= 1
            events.remove(at: index)
        case .doubledEnding:
            self.faultsLeft -= 1
            events.append(events[index])
        case .lostAcks, .deafToHangUp, .deafToAnswer, .secondFinal, .neverAcks, .neverEnds, .eternalBindings,
            .keptTransferor:
            break
        }
        return events
    }

    // MARK: The ladder

    private func note(_ way: String, _ request: ClientRequest) {
        self.world.recorder?.note(
            self.world.seconds,
            "\(way)  \(request.action.name) \(request.action.callID ?? "-")",
            call: request.action.callID
        )
    }

    private func note(_ way: String, _ event: ClientEvent) {
        guard let recorder = self.world.recorder else { return }
        recorder.note(self.world.seconds, "\(way)  \(event.name) \(event.detail)", call: event.callID)
    }

    /// What followed from one message belongs to that message's call.
    private func join(
        _ recorder: Recorder,
        _ cause: String?,
        _ clients: [ClientOutbound],
        _ phones: [SIPOutbound]
    ) {
        var names: [String] = cause.map { [$0] } ?? []
        for case .send(_, let event) in clients {
            if let call = event.callID { names.append(call) }
        }
        for outbound in phones { names.append(outbound.message.headers.callID) }
        guard let first = names.first, cause != nil || clients.count == 1 else { return }
        for name in names.dropFirst() { recorder.join(first, name) }
    }
}

extension SIPRequest {
    /// Whether it is the last word about a transfer.
    fileprivate var isLastNotice: Bool {
        self.method == .notify && self.headers["Subscription-State"]?.hasPrefix("terminated") == true
    }
}

extension ClientOutbound {
    fileprivate var isHangUp: Bool {
        if case .send(_, .callHangedUp) = self { return true }
        return false
    }
}
