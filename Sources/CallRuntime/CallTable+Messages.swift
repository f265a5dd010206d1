import CallCore
import ClientProtocol
import SIPCore

/// Texts between apps and phones, each by itself: `send_message` and `message_received` here, MESSAGE there.
extension CallTable {
    /// Who hears what became of a text.
    enum MessageOrigin {
        case app(ConnectionID, requestID: JSONFragment?)
        /// A phone, whose own MESSAGE is answered with the same status.
        case phone(MessageID)
    }

    /// Where a text goes.
    private enum MessageTarget {
        case apps([ConnectionID])
        case phone(InviteOrder)
        case nowhere(ClientReason)
    }

    // MARK: From apps

    /// - Throws: `forbidden`, or `wrong_state` where there is nobody who takes it.
    func sendMessage(
        _ text: String,
        to peer: PartyID,
        requestID: JSONFragment?,
        from connection: ConnectionID,
        _ sender: Connection,
        now: Instant
    ) throws(ClientError) {
        let target = self.target(
            of: peer,
            by: self.configuration.router.party(of: sender.identity),
            except: connection,
            now: now
        )
        switch target {
        case .apps(let connections):
            self.deliver(text, from: sender.identity.userID, to: connections)
            self.confirm(requestID, to: connection)
        case .phone(let order):
            let id = self.userAgent.sendMessage(text, by: order, now: now)
            self.messages[id] = .app(connection, requestID: requestID)
        case .nowhere(let reason):
            throw Self.undelivered(reason)
        }
    }

    private static func undelivered(_ reason: ClientReason) -> ClientError {
        ClientError(
            code: reason == .forbidden ? .forbidden : .wrongState,
            message: "The message was not delivered: \(reason.rawValue).",
            action: "send_message"
        )
    }

    /// A text that went to a phone has its final response.
    func messageAnswered(_ id: MessageID, status: UInt16, now: Instant) {
        switch self.messages.removeValue(forKey: id) {
        case .app(let connection, let requestID):
            guard self.connections[connection] != nil else { return }
            if (200..<300).contains(status) {
                self.confirm(requestID, to: connection)
            } else {
                var error = Self.undelivered(CallOutcome(.init(status: status)).reason)
                error.requestID = requestID
                self.clientOutbound.append(.send(connection, .error(error)))
            }
        case .phone(let received):
            // A challenge or a redirect was meant for us, and 408 comes too late (RFC 4320 §4.2).
            let isOwn = status == 401 || status == 407 || status == 408 || (300..<400).contains(status)
            self.userAgent.answerMessage(received, status: isOwn ? 480 : status < 300 ? 200 : status, now: now)
        case nil:
            break
        }
    }

    // MARK: From phones

    /// A phone has sent a text.
    func received(_ message: IncomingMessage, _ id: MessageID, now: Instant) {
        if let session = message.session {
            self.userAgent.answerMessage(id, status: self.pass(message.text, from: session), now: now)
            return
        }
        let origin: SIPOrigin
        switch self.origin(of: message.request, by: message.flow, phone: message.phone) {
        case .known(let known): origin = known
        case .refused(let status): return self.userAgent.answerMessage(id, status: status, now: now)
        }
        guard !origin.number.isEmpty else { return self.userAgent.answerMessage(id, status: 404, now: now) }
        let target = self.target(
            of: .string(origin.number),
            by: origin.calling,
            except: nil,
            now: now
        )
        switch target {
        case .apps(let connections):
            self.deliver(message.text, from: origin.calling.id, to: connections)
            self.userAgent.answerMessage(id, status: 200, now: now)
        case .phone(let order):
            self.messages[self.userAgent.sendMessage(message.text, by: order, now: now)] = .phone(id)
        case .nowhere(let reason):
            self.userAgent.answerMessage(id, status: CallOutcome(reason).ending.status, now: now)
        }
    }

    /// Hands a text that came within a session to the app on the other side of its call.
    ///
    /// - Returns: the status that it is answered with.
    private func pass(_ text: String, from session: SessionID) -> UInt16 {
        guard let bound = self.sessions[session], let entry = self.calls[bound.call] else { return 481 }
        guard let (connection, peer) = entry.call.app(oppositeTo: bound.leg),
            self.connections[connection]?.profile == .extended
        else { return 480 }
        self.deliver(text, from: peer, to: [connection])
        return 200
    }

    // MARK: Steps

    private func deliver(_ text: String, from sender: PartyID, to connections: [ConnectionID]) {
        for connection in connections {
            self.clientOutbound.append(.send(connection, .messageReceived(senderID: sender, text: text)))
        }
    }

    /// Every extended app of a user; where there is none, or a phone was dialled, the phone: of several bindings the first.
    private func target(
        of dialled: PartyID,
        by calling: CallingParty,
        except own: ConnectionID?,
        now: Instant
    ) -> MessageTarget {
        var routes: [Router.Route] = []
        switch self.destination(of: dialled, by: calling.caller) {
        case .refused(let reason):
            return .nowhere(reason)
        case .phone(let route):
            routes = [route]
        case .user(let user, let phones):
            let apps = (self.users[user.text]?.connections ?? []).filter {
                $0 != own && self.connections[$0]?.profile == .extended
            }
            guard apps.isEmpty else { return .apps(apps) }
            routes = phones
        case .group:
            // It takes calls, of which one member answers; a text has nobody who does.
            return .nowhere(.unavailable)
        }
        for route in routes {
            for leg in self.phone(route, by: calling, following: nil, now: now).turns.lazy.flatMap(\.callees) {
                guard case .sip(let sip) = leg, sip.route.map(self.isDown) != true, let order = sip.order else {
                    continue
                }
                return .phone(order)
            }
        }
        return .nowhere(.unavailable)
    }
}
