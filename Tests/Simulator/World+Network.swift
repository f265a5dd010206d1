import SIPCore

extension World {
    /// The link that decides what becomes of a datagram between two nodes.
    private func link(_ first: NetworkNode, _ second: NetworkNode) -> Link {
        switch (first.role, second.role) {
        case (.gateway, .gateway): self.trunkLink
        case (.gateway, _): second.link
        case (_, .gateway): first.link
        case (.phone, _), (.proxy, _), (.none, _): self.perfectLink
        }
    }

    func sendDatagram(_ packet: Packet, from sender: NetworkNode, to host: String, port: UInt16? = nil) {
        guard let receiver = self.nodes[host] else { return }
        let link = self.link(sender, receiver)
        guard port ?? receiver.port == receiver.port else {
            self.faults.lost += 1
            self.note(packet, sender, receiver, "lost (nobody at port \(port ?? 0))")
            return
        }
        let source = SIPAddress(host: sender.host, port: sender.port)
        guard link.cutUntil <= self.now else {
            self.faults.lost += 1
            self.note(packet, sender, receiver, "lost (cut)")
            return
        }
        if self.profile.plantedFault == .lostAcks, case .gateway = receiver.role, packet.isAck { return }
        if link.loss > 0, self.random.chance(link.loss) {
            self.faults.lost += 1
            self.note(packet, sender, receiver, "lost")
            return
        }
        var span = link.delay + (link.jitter == 0 ? 0 : self.random.next() % link.jitter)
        if link.reordering > 0, self.random.chance(link.reordering) {
            self.faults.reordered += 1
            span += self.random.milliseconds(50, 900)
        }
        self.schedule(.datagram(receiver, packet, from: source), after: span)
        if link.duplication > 0, self.random.chance(link.duplication) {
            self.faults.duplicated += 1
            self.schedule(
                .datagram(receiver, packet, from: source),
                after: span + self.random.milliseconds(0, 1500)
            )
        }
    }

    func send(
        _ packet: Packet,
        on stream: Stream,
        from sender: NetworkNode,
        key: ClientTransactionKey? = nil
    ) {
        let receiver = stream.other(sender)
        let link = self.link(sender, receiver)
        if self.profile.plantedFault == .lostAcks, case .gateway = receiver.role, packet.isAck { return }
        var time = self.now + link.delay
        if receiver === stream.first {
            time = max(time, stream.arrivalAtFirst + 1)
            stream.arrivalAtFirst = time
        } else {
            time = max(time, stream.arrivalAtSecond + 1)
            stream.arrivalAtSecond = time
        }
        self.queue.insert(.streamed(stream, to: receiver, packet, key), at: time)
    }

    /// A connection to that host: an open one or a new one; nil where none can be had.
    func stream(from node: NetworkNode, to host: String) -> Stream? {
        if let open = node.streams.first(where: { $0.isOpen && $0.other(node).host == host }) { return open }
        guard let other = self.nodes[host], other.takesStreams, node.takesStreams, !other.isGone else { return nil }
        return self.newStream(node, other)
    }

    func breakStream(_ stream: Stream) {
        guard stream.isOpen else { return }
        stream.isOpen = false
        self.schedule(.closed(stream), after: self.random.milliseconds(1, 3000))
    }

    func noticeClosed(_ stream: Stream) {
        self.streams[stream.id] = nil
        for node in [stream.first, stream.second] {
            node.streams.removeAll { $0 === stream }
            guard case .gateway(let gateway) = node.role else { continue }
            gateway.receive(.closed(self.flow(stream, at: node)))
        }
    }

    private func flow(_ stream: Stream, at node: NetworkNode) -> SIPFlow {
        SIPFlow(
            transport: .tcp,
            remote: SIPAddress(host: stream.other(node).host, port: 5060),
            listener: 1,
            connection: stream.id
        )
    }

    // MARK: Arrival

    func arrive(_ packet: Packet, at node: NetworkNode, over stream: Stream, _ key: ClientTransactionKey?) {
        guard stream.isOpen else {
            self.note(packet, stream.other(node), node, "lost (connection broke)")
            if let key, case .gateway(let gateway) = stream.other(node).role {
                gateway.receive(.failed(key, .refused))
            }
            return
        }
        self.arrive(packet, at: node, from: SIPAddress(host: stream.other(node).host, port: 5060), over: stream)
    }

    func arrive(_ packet: Packet, at node: NetworkNode, from source: SIPAddress, over stream: Stream?) {
        let host = source.host
        if let sender = self.nodes[host] { self.note(packet, sender, node, nil) }
        self.hash.mix(self.now)
        self.hash.mix(node.host)
        self.hash.mix(packet.code)
        self.hash.mix(packet.message.headers.callID)
        switch node.role {
        case .gateway(let gateway):
            if case .response(let response) = packet.message, response.headers.cSeq.method == .invite,
                let branch = response.headers.via.first?.branch, self.heard[branch] == nil
            {
                self.heard[branch] = self.now
            }
            let flow =
                stream.map { self.flow($0, at: node) }
                ?? SIPFlow(transport: .udp, remote: source, listener: 0)
            gateway.receive(.message(packet.message, flow))
        case .phone(let phone):
            phone.received(packet.message, from: host)
        case .proxy(let proxy):
            proxy.received(packet.message, from: host)
        case .none:
            break
        }
    }

    private func note(_ packet: Packet, _ sender: NetworkNode, _ receiver: NetworkNode, _ fate: String?) {
        guard let recorder = self.recorder else { return }
        recorder.note(
            self.seconds,
            "\(sender.name) -> \(receiver.name)  \(packet.message.summary)\(fate.map { "  " + $0 } ?? "")",
            call: packet.message.headers.callID
        )
    }

    // MARK: What a gateway sends

    func transmit(_ outbound: SIPOutbound, from node: NetworkNode, _ gateway: GatewayNode) {
        let packet = Packet(outbound.message)
        switch outbound.destination {
        case .flow(let flow, let fallback):
            if !flow.transport.isReliable {
                self.sendDatagram(packet, from: node, to: flow.remote.host, port: flow.remote.port)
            } else if let stream = self.streams[flow.connection], stream.isOpen {
                self.send(packet, on: stream, from: node)
            } else if let stream = self.stream(from: node, to: fallback.host) {
                self.send(packet, on: stream, from: node)
            }
        case .target(let target, let preferred):
            guard target.transport.isReliable else {
                self.sendDatagram(packet, from: node, to: target.host, port: target.port)
                return
            }
            if let preferred, let stream = self.streams[preferred.connection], stream.isOpen {
                self.send(packet, on: stream, from: node, key: outbound.transaction)
            } else if let stream = self.stream(from: node, to: target.host) {
                self.send(packet, on: stream, from: node, key: outbound.transaction)
            } else if let key = outbound.transaction {
                self.schedule(.unsent(gateway, key), after: self.random.milliseconds(1, 2000))
            }
        }
    }
}

extension Packet {
    var isAck: Bool {
        if case .request(let request) = self.message { return request.method == .ack }
        return false
    }

    /// A number that tells kinds of messages apart.
    var code: UInt64 {
        switch self.message {
        case .request(let request): UInt64(request.method.name.utf8.first ?? 0) << 16 | UInt64(request.body.count)
        case .response(let response): UInt64(response.status) << 32 | UInt64(response.body.count)
        }
    }
}

extension SIPMessage {
    /// One line of a ladder.
    var summary: String {
        let headers = self.headers
        let tail = "cseq \(headers.cSeq.number) \(headers.cSeq.method.name)  call \(headers.callID)"
        switch self {
        case .request(let request):
            return "\(request.method.name) \(request.uri.text)\(request.body.isEmpty ? "" : " +sdp")  \(tail)"
        case .response(let response):
            return "\(response.status)\(response.body.isEmpty ? "" : " +sdp")  \(tail)"
        }
    }
}
