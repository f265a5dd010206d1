import SIPCore

/// A stateful proxy that rings several phones at once (RFC 3261 §16): it passes every 2xx on, so that the gateway sees
/// one INVITE answered by several.
final class ForkingProxy {
    /// One INVITE of the gateway.
    final class Context {
        let request: SIPRequest
        var branches: [Branch] = []
        var last: SIPResponse?
        /// A final response other than 2xx went out, and its ACK is awaited.
        var final: SIPResponse?
        var isAcknowledged = false
        var wasAnswered = false
        var interval: UInt64 = 500_000_000
        var giveUpAt: UInt64 = 0

        init(request: SIPRequest) {
            self.request = request
        }
    }

    struct Branch {
        var phone: Phone
        var request: SIPRequest
        var status: UInt16?
        var wasCancelled = false
    }

    unowned let world: World
    let node: NetworkNode
    let number: String
    let phones: [Phone]
    /// Whether it stays on the way of the dialog.
    let recordsRoute: Bool
    private var random: SplitMix64
    private var contexts: [String: Context] = [:]
    private var forks: [String: Context] = [:]
    private var serial = 0

    init(
        world: World,
        node: NetworkNode,
        number: String,
        phones: [Phone],
        recordsRoute: Bool,
        random: SplitMix64
    ) {
        self.world = world
        self.node = node
        self.number = number
        self.phones = phones
        self.recordsRoute = recordsRoute
        self.random = random
    }

    private func send(_ message: SIPMessage, to host: String) {
        self.world.sendDatagram(Packet(message), from: self.node, to: host)
    }

    private func via(_ branch: String) -> Via {
        Via(transport: .udp, host: self.node.host, port: 5060, branch: branch)
    }

    func received(_ message: SIPMessage, from host: String) {
        switch message {
        case .request(let request): self.received(request)
        case .response(let response): self.received(response)
        }
    }

    // MARK: Requests

    private func received(_ request: SIPRequest) {
        let branch = request.headers.via.first?.branch ?? ""
        switch request.method {
        case .ack:
            if let context = self.contexts[branch] {
                context.isAcknowledged = true
                return
            }
        case .cancel:
            if let context = self.contexts[branch] { self.cancelled(request, context) }
            return
        case .invite:
            if let context = self.contexts[branch] {
                if !context.isAcknowledged, let last = context.last { self.answer(last) }
                return
            }
            if request.headers.to.tag == nil {
                self.fork(request, branch)
                return
            }
        case .bye, .options, .register, .info, .update, .prack, .message, .refer, .notify, .other: break
        }
        self.pass(request, branch)
    }

    /// A request within a dialog goes on without a trace.
    private func pass(_ request: SIPRequest, _ branch: String) {
        var request = request
        if request.headers.route.first?.uri.host == self.node.host {
            request.headers.route.removeFirst()
        } else {
            self.world.violate("\(self.node.name): \(request.method.name) without the route set", call: nil)
        }
        request.headers.via.insert(self.via("\(branch)-\(self.node.name)"), at: 0)
        self.send(.request(request), to: request.headers.route.first?.uri.host ?? request.uri.host)
    }

    private func fork(_ request: SIPRequest, _ branch: String) {
        let context = Context(request: request)
        self.contexts[branch] = context
        self.respond(context, 100)
        for phone in self.phones {
            self.serial += 1
            let own = "z9hG4bK\(self.node.name)-\(self.serial)"
            var copy = request
            copy.uri = SIPURI(user: phone.number, host: phone.node.host)
            copy.headers.maxForwards = (request.headers.maxForwards ?? 70) &- 1
            copy.headers.via.insert(self.via(own), at: 0)
            if self.recordsRoute {
                let uri = SIPURI(host: self.node.host, port: 5060, parameters: SIPParameters([.init("lr")]))
                copy.headers.recordRoute.insert(NameAddress(uri: uri), at: 0)
            }
            self.forks[own] = context
            context.branches.append(Branch(phone: phone, request: copy))
            self.send(.request(copy), to: phone.node.host)
        }
    }

    private func cancelled(_ request: SIPRequest, _ context: Context) {
        if context.last == nil { self.world.violate("\(self.node.name): CANCEL too soon", call: nil) }
        var headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq
        )
        headers.to.tag = "\(self.node.name)-cancel"
        self.answer(SIPResponse(status: 200, reason: "", headers: headers))
        self.cancelOthers(context)
    }

    /// Cancels all that have no final response yet.
    func cancelOthers(_ context: Context) {
        for index in context.branches.indices {
            let branch = context.branches[index]
            guard branch.status == nil, !branch.wasCancelled else { continue }
            // A phone that has said nothing would take it for a stray.
            guard !branch.phone.isGone else { continue }
            context.branches[index].wasCancelled = true
            let request = branch.request
            let headers = SIPHeaders(
                via: ShortList(request.headers.via.prefix(1)),
                from: request.headers.from,
                to: request.headers.to,
                callID: request.headers.callID,
                cSeq: CSeq(request.headers.cSeq.number, .cancel),
                maxForwards: 70
            )
            self.send(
                .request(SIPRequest(method: .cancel, uri: request.uri, headers: headers)),
                to: branch.phone.node.host
            )
        }
    }

    // MARK: Responses

    private func received(_ response: SIPResponse) {
        var response = response
        guard let via = response.headers.via.first, via.host == self.node.host else { return }
        response.headers.via.removeFirst()
        if response.headers.cSeq.method == .cancel, response.headers.via.isEmpty { return }
        guard let context = self.forks[via.branch], response.headers.cSeq.method == .invite else {
            if let next = response.headers.via.first { self.send(.response(response), to: next.host) }
            return
        }
        if response.status == 100 { return }
        if response.status < 200 {
            guard context.final == nil, !context.wasAnswered else { return }
            context.last = response
            self.answer(response)
            return
        }
        guard let index = context.branches.firstIndex(where: { $0.request.headers.via.first?.branch == via.branch })
        else { return }
        context.branches[index].status = response.status
        if response.status < 300 {
            context.last = response
            self.answer(response)
            if !context.wasAnswered {
                context.wasAnswered = true
                self.world.schedule(.proxyCancel(self, context), after: self.random.milliseconds(0, 400))
            }
            return
        }
        self.acknowledge(response, context.branches[index])
        if response.status >= 600 { self.cancelOthers(context) }
        guard !context.wasAnswered, context.final == nil,
            context.branches.allSatisfy({ $0.status != nil || $0.phone.isGone })
        else { return }
        self.finish(response, context)
    }

    private func finish(_ response: SIPResponse, _ context: Context) {
        context.final = response
        context.last = response
        context.giveUpAt = self.world.now + 32_000_000_000
        self.answer(response)
        self.world.schedule(.proxy(self, context), after: context.interval)
    }

    private func acknowledge(_ response: SIPResponse, _ branch: Branch) {
        let request = branch.request
        let headers = SIPHeaders(
            via: ShortList(request.headers.via.prefix(1)),
            from: request.headers.from,
            to: response.headers.to,
            callID: request.headers.callID,
            cSeq: CSeq(request.headers.cSeq.number, .ack),
            maxForwards: 70
        )
        self.send(
            .request(SIPRequest(method: .ack, uri: request.uri, headers: headers)),
            to: branch.phone.node.host
        )
    }

    private func respond(_ context: Context, _ status: UInt16) {
        let request = context.request
        let headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: request.headers.to,
            callID: request.headers.callID,
            cSeq: request.headers.cSeq
        )
        let response = SIPResponse(status: status, reason: "", headers: headers)
        context.last = response
        self.answer(response)
    }

    private func answer(_ response: SIPResponse) {
        if let via = response.headers.via.first { self.send(.response(response), to: via.host) }
    }

    /// Repeats a final response until its ACK comes.
    func resend(_ context: Context) {
        guard !context.isAcknowledged, let final = context.final else { return }
        guard self.world.now < context.giveUpAt else {
            if !self.node.link.wasCut, !self.world.profile.isHarsh {
                self.world.violate(
                    "\(self.node.name): its \(final.status) was never ACKed",
                    call: final.headers.callID
                )
            }
            return
        }
        self.answer(final)
        context.interval = min(context.interval * 2, 4_000_000_000)
        self.world.schedule(.proxy(self, context), after: context.interval)
    }
}
