import MediaCore
import SIPCore

extension MediaLoop {
    /// How many pairs of ports are tried before a leg is given up: others' sockets may lie in the range.
    private static let portAttempts = 64

    func perform(_ order: MediaOrder, now: Instant) {
        switch order {
        case .open(let id, let kind):
            self.open(id, kind, now: now)
        case .restartICE(let id):
            if let leg = self.leg(id) { self.restartICE(of: leg, now: now) }
        case .update(let id, let peer):
            if let leg = self.leg(id) { self.update(leg, peer, now: now) }
        case .join(let first, let second):
            if let first = self.leg(first), let second = self.leg(second) { self.join(first, second, now: now) }
        case .sendDigits(let id, let digits, let duration):
            guard let leg = self.leg(id) else { return }
            leg.digitSender.send(digits, duration: duration)
            self.schedule(leg)
        case .close(let id):
            if let leg = self.leg(id) { self.close(leg, now: now) }
        }
    }

    private func leg(_ id: MediaLegID) -> RelayLeg? {
        self.slots[id].flatMap { self.legs[$0] }
    }

    // MARK: Opening

    private func open(_ id: MediaLegID, _ kind: MediaLegKind, now: Instant) {
        guard self.slots[id] == nil else { return }
        let slot = self.freeSlots.popLast() ?? self.legs.count
        if slot == self.legs.count {
            self.legs.append(nil)
            self.generations.append(0)
        }
        let opened: (path: RelayLeg.Path, endpoint: MediaEndpoint)? =
            switch kind {
            case .webRTC: self.openApp(slot)
            case .rtp: self.openPhone(slot, now: now)
            }
        guard let opened else {
            self.freeSlots.append(slot)
            self.events.append(.failed(id, .noPort))
            return
        }
        let ssrc = UInt32(truncatingIfNeeded: self.random.next())
        let stream = RTPStreamOut(
            ssrc: ssrc,
            sequence: UInt16(truncatingIfNeeded: self.random.next()) >> 1,
            timestamp: UInt32(truncatingIfNeeded: self.random.next()),
            clockRate: 8000
        )
        let control = RTCPSession(
            ssrc: ssrc,
            cname: String(self.random.next(), radix: 36),
            timeline: self.timeline,
            now: now,
            random: UInt16(truncatingIfNeeded: self.random.next())
        )
        self.legs[slot] = RelayLeg(
            id: id,
            slot: slot,
            generation: self.generations[slot],
            path: opened.path,
            stream: stream,
            control: control,
            now: now
        )
        self.slots[id] = slot
        self.events.append(.opened(id, opened.endpoint))
    }

    private func openApp(_ slot: Int) -> (RelayLeg.Path, MediaEndpoint)? {
        guard let socket = self.shared.first else { return nil }
        let credentials = self.registerCredentials(for: slot)
        let endpoint = MediaEndpoint(
            addresses: self.appAddresses,
            ice: credentials,
            fingerprint: self.certificate.fingerprint
        )
        return (.app(AppPath(credentials: credentials, socket: socket)), endpoint)
    }

    func registerCredentials(for slot: Int) -> ICECredentials {
        while true {
            let credentials = ICECredentials(random: self.random.take(ICECredentials.randomByteCount))
            // Of 48 random bits, one in many millions is taken already.
            if self.directory.register(credentials, for: slot) { return credentials }
        }
    }

    private func openPhone(_ slot: Int, now: Instant) -> (RelayLeg.Path, MediaEndpoint)? {
        guard let host = self.configuration.addresses.first else { return nil }
        for _ in 0..<Self.portAttempts {
            guard let port = self.pool.take(now: now) else { return nil }
            guard let (media, control) = self.bindPair(host, port, slot: slot) else {
                self.pool.giveBack(port, now: now)
                continue
            }
            let keys = SDESSuite.allCases.enumerated().map { index, suite in
                SDESKey(suite: suite, tag: UInt32(index + 1), bytes: self.random.take(suite.keyLength))
            }
            let endpoint = MediaEndpoint(
                addresses: self.phoneHosts.map { $0.with(port: port) },
                rtcpPort: port + 1,
                sdes: keys
            )
            return (.phone(PhonePath(port: port, socket: media, controlSocket: control)), endpoint)
        }
        return nil
    }

    private func bindPair(_ host: MediaAddress, _ port: UInt16, slot: Int) -> (UDPSocket, UDPSocket)? {
        do throws(SocketError) {
            let media = try UDPSocket(bound: host.with(port: port))
            let control = try UDPSocket(bound: host.with(port: port + 1))
            let generation = self.generations[slot]
            try self.poller.add(media.descriptor, token: Self.token(.media, slot: slot, generation: generation))
            try self.poller.add(control.descriptor, token: Self.token(.control, slot: slot, generation: generation))
            return (media, control)
        } catch {
            return nil
        }
    }

    // MARK: Changing

    private func restartICE(of leg: RelayLeg, now: Instant) {
        guard case .app(let path) = leg.path else { return }
        let credentials = self.registerCredentials(for: leg.slot)
        self.directory.apply(path.agent.restart(ours: credentials), of: leg.slot)
        let endpoint = MediaEndpoint(
            addresses: self.appAddresses,
            ice: credentials,
            fingerprint: self.certificate.fingerprint
        )
        self.events.append(.opened(leg.id, endpoint))
    }

    private func join(_ first: RelayLeg, _ second: RelayLeg, now: Instant) {
        guard first !== second, first.partner !== second else { return }
        self.part(first)
        self.part(second)
        first.partner = second
        second.partner = first
        for leg in [first, second] {
            leg.mapFormats()
            self.beginWatch(of: leg, now: now)
            self.schedule(leg)
        }
    }

    /// Ends what a leg and its partner have to do with each other.
    private func part(_ leg: RelayLeg) {
        guard let partner = leg.partner else { return }
        for (leg, partner) in [(leg, partner), (partner, leg)] {
            self.tell(leg.digits.endSource(to: &partner.digitSender), of: leg)
            partner.stream.endSource()
        }
        for leg in [leg, partner] {
            leg.partner = nil
            leg.transcoder = nil
            leg.mapFormats()
            self.schedule(leg)
        }
    }

    // MARK: Closing

    func close(_ leg: RelayLeg, now: Instant) {
        self.part(leg)
        self.sayGoodbye(leg, now: now)
        // A socket's number may be another's as soon as it is closed.
        self.flush()
        switch leg.path {
        case .app:
            self.directory.close(leg.slot)
        case .phone(let path):
            self.pool.giveBack(path.port, now: now)
        }
        self.slots[leg.id] = nil
        self.legs[leg.slot] = nil
        self.generations[leg.slot] &+= 1
        self.freeSlots.append(leg.slot)
    }

    private func sayGoodbye(_ leg: RelayLeg, now: Instant) {
        if leg.reachesPeer { self.sendControl(of: leg, isGoodbye: true, now: now) }
        if case .app(let path) = leg.path, let dtls = path.dtls {
            self.send(dtls.close().datagrams, of: leg, path)
        }
    }
}
