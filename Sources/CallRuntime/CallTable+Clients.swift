import CallCore
import ClientProtocol
import SIPCore

extension CallTable {
    // MARK: Connections

    func connected(
        _ connection: ConnectionID,
        _ identity: ClientIdentity,
        _ profile: ClientProfile,
        now: Instant
    ) {
        let user = identity.userID.text
        self.connections[connection] = Connection(identity: identity, profile: profile)
        if let expiry = identity.expiresAt { self.arm(connection, tokenExpiresAt: expiry, now: now) }
        self.user(user).connections.append(connection)
        self.knownUsers.insert(user)
        self.reviewRegistrations(of: user, now: now)
        if profile == .extended {
            let session = ClientSession(
                sessionID: self.newToken(),
                userID: identity.userID,
                iceServers: self.configuration.iceServers(
                    identity.userID,
                    self.unixTimeAtOrigin &+ now.nanoseconds / 1_000_000_000
                ),
                calls: self.snapshot(of: user)
            )
            self.clientOutbound.append(.send(connection, .session(session)))
        }
        for id in self.users[user]?.ringing ?? [] {
            guard let entry = self.calls[id] else { continue }
            self.join(connection, entry)
            self.carryOut(
                entry.call.deviceConnected(AppLeg(connection: connection, profile: profile), of: user),
                of: entry,
                now: now
            )
        }
    }

    /// The live calls of a user, oldest first, as a new device is told of them.
    private func snapshot(of user: String) -> [ClientSession.Call] {
        (self.users[user]?.calls ?? []).compactMap { id in
            guard let entry = self.calls[id] else { return nil }
            // A call to oneself comes in at every device but the one that placed it.
            let side = entry.side(ofUser: user)
            // Of a group's call only those are told whom it rings now, or who have taken it.
            guard side == .caller || entry.call.concerns(user) || entry.hasJoined(user) else { return nil }
            let isIncoming = side == .callee
            return ClientSession.Call(
                callID: entry.call.name(for: side),
                peerID: entry.call.parties.peer(of: side),
                direction: isIncoming ? .incoming : .outgoing,
                state: entry.call.isRinging ? .ringing : .answered
            )
        }
    }

    func disconnected(_ connection: ConnectionID, now: Instant) {
        guard let gone = self.connections[connection] else { return }
        for id in gone.calls {
            guard let entry = self.calls[id] else { continue }
            self.carryOut(entry.call.connectionLost(connection, now: now), of: entry, now: now)
        }
        self.connections[connection] = nil
        let user = gone.identity.userID.text
        self.users[user]?.connections.removeAll { $0 == connection }
        self.reviewRegistrations(of: user, now: now)
        self.forgetIfIdle(user)
    }

    /// The token of a connection is no longer good: it is closed, but never in the middle of a call
    /// (gateway-profile §5).
    func checkToken(of connection: ConnectionID, now: Instant) {
        guard let checked = self.connections[connection], let expiry = checked.identity.expiresAt else { return }
        guard expiry <= self.unixTimeAtOrigin &+ now.nanoseconds / 1_000_000_000 else {
            return self.arm(connection, tokenExpiresAt: expiry, now: now)
        }
        self.connections[connection]?.isExpired = true
        self.closeIfExpired(connection)
    }

    func closeIfExpired(_ connection: ConnectionID) {
        guard let checked = self.connections[connection], checked.isExpired, checked.calls.isEmpty else { return }
        self.clientOutbound.append(.close(connection, .tokenExpired))
    }

    // MARK: Messages

    func received(_ request: ClientRequest, from connection: ConnectionID, now: Instant) {
        guard let sender = self.connections[connection] else { return }
        do {
            try self.act(on: request, from: connection, sender, now: now)
        } catch {
            var error = error
            error.action = request.action.name
            error.requestID = request.requestID
            self.clientOutbound.append(.send(connection, .error(error)))
        }
    }

    private func act(
        on request: ClientRequest,
        from connection: ConnectionID,
        _ sender: Connection,
        now: Instant
    ) throws(ClientError) {
        switch request.action {
        case .startCall(let calleeID, let offer):
            try self.startCall(
                to: calleeID,
                offer: offer,
                requestID: request.requestID,
                from: connection,
                sender,
                now: now
            )
            return
        case .answerCall(let callID, let callerID, let answer):
            let found = try self.find(callID, peer: callerID, of: connection) { $1 == .callee && $0.call.isRinging }
            self.carryOut(
                try found.entry.call.receivedAnswerCall(from: connection, answer: answer, now: now),
                of: found.entry,
                now: now
            )
        case .rejectCall(let callID, let callerID, let reason):
            let found = try self.find(callID, peer: callerID, of: connection) { $1 == .callee && $0.call.isRinging }
            guard found.side == .callee, found.entry.call.isRinging else {
                throw ClientError(
                    code: .wrongState,
                    message: "This call does not ring on this connection, or not any more."
                )
            }
            self.carryOut(
                found.entry.call.receivedReject(from: connection, reason: reason ?? .declined, now: now),
                of: found.entry,
                now: now
            )
        case .cancelCall(let callID, let calleeID):
            let found = try self.find(callID, peer: calleeID, of: connection) { $1 == .caller && $0.call.isRinging }
            guard found.side == .caller else {
                throw ClientError(
                    code: .wrongState,
                    message: "Only the caller can cancel a call; the callee sends `reject_call` or `hang_up`."
                )
            }
            self.carryOut(found.entry.call.receivedCancel(from: connection), of: found.entry, now: now)
        case .hangUp(let callID, let peerID):
            // An empty condition: of several calls with one peer none is meant more than another.
            let found = try self.find(callID, peer: peerID, of: connection) { _, _ in true }
            self.carryOut(found.entry.call.receivedHangUp(from: connection, now: now), of: found.entry, now: now)
        case .offer(let callID, let peerID, let offer):
            let found = try self.find(callID, peer: peerID, of: connection) { $0.call.mayOffer($1) }
            self.carryOut(
                try found.entry.call.receivedOffer(offer, from: found.side, now: now),
                of: found.entry,
                now: now
            )
        case .answer(let callID, let peerID, let answer):
            let found = try self.find(callID, peer: peerID, of: connection) { $0.call.owesAnswer($1) }
            self.carryOut(
                try found.entry.call.receivedAnswer(answer, from: found.side, now: now),
                of: found.entry,
                now: now
            )
        case .iceCandidate(let callID, let peerID, let candidate):
            let found = try self.find(callID, peer: peerID, of: connection) { entry, side in
                candidate.candidateUfrag.map { entry.call.candidateBelongs(ufrag: $0, to: side) } ?? false
            }
            self.carryOut(
                try found.entry.call.receivedCandidate(candidate, from: found.side, now: now),
                of: found.entry,
                now: now
            )
        case .hold(let callID, let peerID), .resume(let callID, let peerID):
            let found = try self.find(callID, peer: peerID, of: connection) { entry, _ in entry.call.isAnswered }
            self.carryOut(
                try found.entry.call.receivedHold(request.action.name == "hold", from: found.side),
                of: found.entry,
                now: now
            )
        case .dtmf(let callID, let peerID, let digits, let milliseconds):
            let found = try self.find(callID, peer: peerID, of: connection) { entry, _ in entry.call.isAnswered }
            self.carryOut(
                try found.entry.call.receivedDigits(
                    digits,
                    duration: .milliseconds(UInt64(milliseconds)),
                    from: found.side
                ),
                of: found.entry,
                now: now
            )
        case .transfer(let callID, let peerID, let target):
            let found = try self.find(callID, peer: peerID, of: connection) { entry, _ in entry.call.isAnswered }
            try self.transfer(found, to: target, requestID: request.requestID, by: connection, sender, now: now)
            return
        case .sendMessage(let peerID, let text):
            try self.sendMessage(text, to: peerID, requestID: request.requestID, from: connection, sender, now: now)
            return
        }
        self.confirm(request.requestID, to: connection)
    }

    /// Says `ok` to an action that has a `request_id` and no reply of its own.
    func confirm(_ requestID: JSONFragment?, to connection: ConnectionID) {
        guard self.connections[connection]?.profile == .extended, let requestID else { return }
        self.clientOutbound.append(.send(connection, .ok(requestID: requestID)))
    }

    // MARK: start_call

    private func startCall(
        to dialled: PartyID,
        offer: JSONFragment?,
        requestID: JSONFragment?,
        from connection: ConnectionID,
        _ sender: Connection,
        now: Instant
    ) throws(ClientError) {
        let user = sender.identity.userID
        let limits = self.configuration.limits
        guard !sender.isExpired else {
            throw ClientError(
                code: .forbidden,
                message: "The token has expired: connect again with a new one to place calls."
            )
        }
        guard self.users[user.text]?.placed ?? 0 < limits.callsPerUser else {
            throw ClientError(
                code: .limitReached,
                message: "This user has placed \(limits.callsPerUser) calls that are not over; more are not allowed."
            )
        }
        guard self.callRates.take(user.text, limits: limits, now: now) else {
            throw ClientError(code: .rateLimited, message: "This user has placed too many calls; try again later.")
        }
        var calling = self.configuration.router.party(of: sender.identity)
        calling.device = .app(connection)
        let callees = self.callees(of: dialled, by: calling, now: now)
        let entry = self.newCall(
            calling,
            dialled: dialled,
            leg: .app(AppLeg(connection: connection, profile: sender.profile)),
            callees,
            relay: callees.relay,
            callingUser: user.text,
            now: now
        )
        var action = CallAction()
        if let refused = callees.refused {
            action = entry.call.end(refused)
        } else {
            action = try entry.call.begin(callees.hunt, offer: offer, now: now)
        }
        if sender.profile == .extended {
            self.clientOutbound.append(
                .send(
                    connection,
                    .callStarted(callID: entry.call.id.text, calleeID: dialled, requestID: requestID)
                )
            )
        }
        self.enter(entry)
        self.join(connection, entry)
        for leg in callees.connections { self.join(leg, entry) }
        self.carryOut(action, of: entry, now: now)
    }
}
