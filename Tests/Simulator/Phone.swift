import SIPCore

/// A SIP phone: a user agent of its own, written from the RFC and not from the gateway's code.
///
/// It has small transactions of its own, calls and is called, and draws what it does with each call from its generator;
/// what the gateway may not do to it, it reports.
final class Phone {
    enum Step {
        case resend(PhoneClient)
        case resendFinal(PhoneServer)
        case overdue(PhoneClient)
        case ring(PhoneServer, UInt16)
        case finish(PhoneServer)
        case cancel(PhoneDialog)
        case hangUp(PhoneDialog)
        case reinvite(PhoneDialog)
        case acknowledge(PhoneClient, SIPResponse)
        case answerReinvite(PhoneServer, UInt16)
        case refresh(PhoneDialog, Int)
        case resendProvisional(PhoneServer, UInt32)
        /// A fork that lost must have been ended by now.
        case checkFork(PhoneDialog)
        case checkAnswer(PhoneDialog)
        case register(Registrant.Step)
        case refer(PhoneDialog)
        case notify(PhoneDialog, UInt16)
        /// Its REFER must have come to an end by now.
        case checkReferral(PhoneDialog)
        /// Its transfer has succeeded: its own call must be over by now.
        case checkLeft(PhoneDialog)
    }

    unowned let world: World
    let node: NetworkNode
    let number: String
    let transport: SIPTransportKind
    let gatewayHost: String
    let asksForCredentials: Bool
    var random: SplitMix64
    /// nil: the gateway knows it as a trunk.
    var registrant: Registrant?
    var isGone = false
    var dialogs: [String: PhoneDialog] = [:]
    /// All of them, in their order.
    var history: [PhoneDialog] = []
    var servers: [String: PhoneServer] = [:]
    var clients: [String: PhoneClient] = [:]
    var replies: [String: SIPResponse] = [:]
    /// The requests that it does not answer, however often they come.
    var muted: Set<String> = []
    private var serial = 0

    init(
        world: World,
        node: NetworkNode,
        number: String,
        transport: SIPTransportKind,
        gatewayHost: String,
        asksForCredentials: Bool,
        random: SplitMix64
    ) {
        self.world = world
        self.node = node
        self.number = number
        self.transport = transport
        self.gatewayHost = gatewayHost
        self.asksForCredentials = asksForCredentials
        self.random = random
    }

    var isGood: Bool { self.world.profile.isCooperative }

    func token() -> String {
        self.serial += 1
        return "\(self.node.name)-\(self.serial)"
    }

    func violate(_ text: String, _ dialog: PhoneDialog?) {
        self.world.violate("\(self.node.name): \(text)", call: dialog?.callID)
    }

    /// Whether what depends on deliveries can't be asked of that dialog.
    func isExcused(_ dialog: PhoneDialog) -> Bool {
        self.isGone || self.world.profile.isHarsh || self.node.link.wasCut || self.world.trunkLink.wasCut
            || self.world.isExcused(dialog.origin)
    }

    /// Whether the gateway heard of its answer in time: one that heard nothing within Timer B has no transaction any
    /// more to which a response could belong.
    func isKnown(_ server: PhoneServer) -> Bool {
        self.world.heard[server.gatewayBranch].map { $0 < server.arrivedAt + 28_000_000_000 } ?? false
    }

    static func key(_ callID: String, _ tag: String) -> String { "\(callID) \(tag)" }

    func keep(_ dialog: PhoneDialog) {
        dialog.startedAt = self.world.now
        self.dialogs[Self.key(dialog.callID, dialog.localTag)] = dialog
        self.history.append(dialog)
    }

    func vanish() {
        self.isGone = true
        self.excuseCalls("caller vanished")
    }

    /// It is not where it was: its calls may hear nothing of each other any more.
    func excuseCalls(_ outcome: String) {
        self.node.link.wasCut = true
        for dialog in self.history where dialog.stage != .over {
            self.world.silentEnds += 1
            self.world.excuse(dialog.origin)
            if dialog.isCaller, let origin = dialog.origin { self.world.settle(origin, outcome) }
        }
    }

    // MARK: In

    func received(_ message: SIPMessage, from host: String) {
        guard !self.isGone else { return }
        switch message {
        case .request(let request): self.received(request, from: host)
        case .response(let response): self.received(response)
        }
    }

    private func received(_ request: SIPRequest, from host: String) {
        switch request.method {
        case .invite: self.received(invite: request)
        case .ack: self.received(ack: request)
        case .cancel: self.received(cancel: request)
        case .bye: self.received(bye: request)
        case .info: self.received(info: request)
        case .update: self.received(update: request)
        case .prack: self.received(prack: request)
        case .refer: self.received(refer: request)
        case .notify: self.received(notify: request)
        case .options, .register, .message, .other:
            self.violate("\(request.method.name) is not expected", nil)
        }
    }

    func perform(_ step: Step) {
        guard !self.isGone else { return }
        switch step {
        case .resend(let client): self.resend(client)
        case .resendFinal(let server): self.resendFinal(server)
        case .overdue(let client):
            // Whoever hangs up meanwhile waits for nothing.
            guard !client.isDone, !self.isExcused(client.dialog),
                client.dialog.stage == .calling || client.dialog.stage == .established
            else { return }
            self.violate("its \(client.request.method.name) never got a final response", client.dialog)
        case .ring(let server, let status): self.ring(server, status)
        case .finish(let server): self.finish(server)
        case .cancel(let dialog): self.cancel(dialog)
        case .hangUp(let dialog): self.hangUp(dialog)
        case .reinvite(let dialog): self.reinvite(dialog)
        case .acknowledge(let client, let response): self.acknowledge(client, response)
        case .answerReinvite(let server, let status): self.answerReinvite(server, status)
        case .refresh(let dialog, let number): self.refresh(dialog, number)
        case .resendProvisional(let server, let rSeq): self.resendProvisional(server, rSeq)
        case .checkFork(let dialog): self.checkFork(dialog)
        case .register(let step): self.registrant?.perform(step)
        case .refer(let dialog): self.refer(dialog)
        case .notify(let dialog, let status): self.notify(dialog, status)
        case .checkReferral(let dialog): self.checkReferral(dialog)
        case .checkLeft(let dialog): self.checkLeft(dialog)
        case .checkAnswer(let dialog):
            guard dialog.stage == .established, !self.isExcused(dialog) else { return }
            self.violate("its offer was ACKed without an answer, and the call goes on", dialog)
        }
    }

    func plan(_ step: Step, after span: UInt64) {
        self.world.schedule(.phone(self, step), after: span)
    }

    // MARK: Out

    func transmit(_ message: SIPMessage, to host: String, isReliable: Bool) {
        let packet = Packet(message)
        guard isReliable else {
            self.world.sendDatagram(packet, from: self.node, to: host)
            return
        }
        if let stream = self.world.stream(from: self.node, to: host) {
            self.world.send(packet, on: stream, from: self.node)
        }
    }

    func via(_ branch: String) -> Via {
        Via(transport: self.transport, host: self.node.host, port: 5060, branch: branch, rport: .requested)
    }

    var contact: Contact {
        var uri = SIPURI(user: self.number, host: self.node.host, port: 5060)
        if self.transport == .tcp { uri.parameters = SIPParameters([.init("transport", "tcp")]) }
        return .address(NameAddress(uri: uri))
    }

    /// Opens a transaction.
    func send(
        _ request: SIPRequest,
        _ kind: PhoneClient.Kind,
        _ dialog: PhoneDialog,
        to host: String
    ) -> PhoneClient {
        let client = PhoneClient(
            request: request,
            kind: kind,
            dialog: dialog,
            destination: host,
            isReliable: self.transport.isReliable,
            giveUpAt: self.world.now + 32_000_000_000
        )
        self.clients[client.key] = client
        self.transmit(.request(request), to: host, isReliable: client.isReliable)
        self.plan(.resend(client), after: client.isReliable ? 32_000_000_000 : client.interval)
        return client
    }

    private func resend(_ client: PhoneClient) {
        if client.isDone { return }
        let isInvite = client.kind == .invite || client.kind == .reinvite
        if isInvite, client.hasProvisional { return }
        guard self.world.now < client.giveUpAt else {
            client.isDone = true
            self.timedOut(client)
            return
        }
        self.transmit(.request(client.request), to: client.destination, isReliable: client.isReliable)
        client.interval = isInvite ? client.interval * 2 : min(client.interval * 2, 4_000_000_000)
        self.plan(.resend(client), after: min(client.interval, client.giveUpAt - self.world.now))
    }

    private func timedOut(_ client: PhoneClient) {
        if !self.isExcused(client.dialog) {
            self.violate("its \(client.request.method.name) got no response at all", client.dialog)
        }
        self.world.silentEnds += 1
        self.world.excuse(client.dialog.origin)
        if client.dialog.client === client { client.dialog.client = nil }
        switch client.kind {
        case .invite:
            client.dialog.stage = .over
            if let origin = client.dialog.origin { self.world.settle(origin, "no response") }
            self.report(client.dialog, 408)
        case .reinvite: self.hangUp(client.dialog)
        case .prack, .refer, .notify: break
        case .update: self.hangUp(client.dialog)
        case .cancel: client.dialog.stage = .over
        case .bye: client.dialog.stage = .over
        }
    }

    // MARK: What is heard

    /// A description came: checks who is behind it, and that its `o=` line follows the last one (RFC 3264 §8).
    func hear(_ body: [UInt8], _ dialog: PhoneDialog, isFinal: Bool) {
        if let owner = Descriptions.owner(of: body) {
            if dialog.origin == nil { dialog.origin = Descriptions.origin(of: owner) }
            let name = Descriptions.name(of: owner)
            if isFinal, let before = dialog.owner, before != name {
                self.violate("hears \(name), and has heard \(before)", dialog)
            }
            if isFinal { dialog.owner = name }
        }
        guard isFinal, let origin = Descriptions.originLine(of: body) else { return }
        if self.world.profile.hasExtensions {
            if dialog.heard.contains(body) { return }
            dialog.heard.append(body)
        }
        if let last = dialog.lastOrigin {
            if last.session != origin.session {
                self.violate("o= has another session id", dialog)
            } else if origin.version == last.version ? body != last.body : origin.version < last.version {
                self.violate("o= went from version \(last.version) to \(origin.version)", dialog)
            } else if origin.version > last.version + 1, self.isOwnApp(Descriptions.owner(of: body)) {
                // Another phone may have said things that its gateway kept from us; our own gateway counts what it sends.
                self.violate("o= jumped from version \(last.version) to \(origin.version)", dialog)
            }
        }
        dialog.lastOrigin = (origin.session, origin.version, body)
    }

    /// Whether an app of its own gateway is behind a description: then the gateway itself wrote `o=`.
    private func isOwnApp(_ owner: String?) -> Bool {
        guard let name = owner.map({ Descriptions.name(of: $0) }) else { return false }
        return self.world.devices.contains { name == ".\($0.name)" && $0.gateway.node.host == self.gatewayHost }
    }

    /// Its own description, a new version of it where it says something new.
    ///
    /// `offer` is what it answers.
    func describe(
        _ dialog: PhoneDialog,
        isNew: Bool = true,
        direction: String = "sendrecv",
        answering offer: [UInt8]? = nil
    ) -> [UInt8] {
        if !isNew, !dialog.lastDescription.isEmpty { return dialog.lastDescription }
        dialog.version += 1
        let origin = dialog.origin.map { String($0) } ?? "x"
        dialog.lastDescription = Descriptions.phone(
            owner: "k\(origin).\(self.node.name)",
            session: dialog.session,
            version: dialog.version,
            direction: direction
        )
        if self.world.profile.relays {
            dialog.lastDescription = Descriptions.relayed(
                dialog.lastDescription,
                codecs: Descriptions.codecs(of: self.number, seed: self.world.seed),
                answering: offer.flatMap { $0.isEmpty ? nil : $0 }
            )
        }
        return dialog.lastDescription
    }

    // MARK: The end

    func stop(_ stage: Int) {
        guard !self.isGone else { return }
        if stage == 3 { self.registrant?.stop() }
        for dialog in self.history {
            switch (stage, dialog.stage) {
            case (1, .calling) where dialog.isCaller: self.cancel(dialog)
            case (1, .established) where dialog.isCaller: self.hangUp(dialog)
            case (2, .established) where !dialog.isCaller && self.isExcused(dialog): self.hangUp(dialog)
            case (3, .established):
                if !self.isExcused(dialog) { self.violate("was never told that its call is over", dialog) }
                self.hangUp(dialog)
            default: break
            }
        }
    }

    func auditEnd() {
        guard !self.isGone else { return }
        for dialog in self.history where dialog.isStranded && self.isGood {
            self.violate("was left alone in a call that was over", dialog)
        }
        for dialog in self.history where dialog.stage != .over && !self.isExcused(dialog) {
            if dialog.stage == .ringing, let server = dialog.server, !self.isKnown(server) { continue }
            self.violate("its call is still \(dialog.stage)", dialog)
        }
    }
}
