import CallCore
import ClientProtocol
import SIPCore

/// What the apps of one gateway were told, checked where it leaves the gateway, so that no message can cross another.
///
/// It follows each app's part in each call: who may hear what when, who has to hear of the end, and that whoever ended a
/// call hears nothing more of it.
final class ClientAuditor {
    /// An app's part in a call.
    struct Leg {
        enum Stage {
            case ringing
            case answered
            case over
        }

        let side: Side
        /// The other party as this app knows it.
        var peer: PartyID
        /// Whom it knew before a transfer, and may go on naming.
        var formerPeer: PartyID?
        /// nil: a baseline caller has heard nothing yet that would name the call.
        var callID: String?
        var stage = Stage.ringing
        /// Whether it has offered, and the answer is not in.
        var hasOffered = false
        /// The answer of a phone's provisional response: its 2xx may hold another one, but not the same.
        var earlyAnswer: JSONFragment?
        /// Whether an offer of its peer has come, and its answer is not out.
        var owesAnswer = false

        func isPeer(_ name: PartyID) -> Bool { self.peer.names(name) || self.formerPeer?.names(name) == true }
    }

    private unowned let world: World
    private let name: String
    private var legs: [ConnectionID: [Leg]] = [:]
    private var profiles: [ConnectionID: ClientProfile] = [:]
    /// The connections of each call.
    private var members: [String: [ConnectionID]] = [:]
    /// The calls that ended for somebody with the input that is being audited.
    private var ended: [String] = []

    init(world: World, name: String) {
        self.world = world
        self.name = name
    }

    private func violate(_ text: String, _ connection: ConnectionID, _ call: String?) {
        self.world.violate("gateway \(self.name), connection \(connection.rawValue): \(text)", call: call)
    }

    func connected(_ connection: ConnectionID, _ profile: ClientProfile) {
        self.profiles[connection] = profile
        self.legs[connection] = []
    }

    func disconnected(_ connection: ConnectionID) {
        for leg in self.legs[connection] ?? [] {
            guard leg.stage != .over, let call = leg.callID else { continue }
            if leg.side == .caller || leg.stage == .answered { self.ended.append(call) }
        }
        self.profiles[connection] = nil
        self.legs[connection] = nil
    }

    /// Whether the app on that connection has that call.
    func isAlive(_ call: String, _ connection: ConnectionID) -> Bool {
        self.legs[connection]?.contains { $0.callID == call && $0.stage != .over } ?? false
    }

    // MARK: One input with all that followed

    /// Checks what followed from one input: `calls` is how many calls fewer the table holds than before it, `phones` how
    /// many messages to phones followed.
    func audit(
        _ request: (connection: ConnectionID, message: ClientRequest)?,
        _ outputs: [ClientOutbound],
        calls: Int,
        phones: Int
    ) {
        if let request { self.audit(request.connection, request.message, outputs, calls: calls, phones: phones) }
        for output in outputs {
            if case .send(let connection, let event) = output { self.audit(event, to: connection) }
        }
        // A redirect may bring an app into a group's call, which goes on with other members when that app's turn is over.
        for call in self.ended where calls > 0 {
            for connection in self.members[call] ?? [] where self.isAlive(call, connection) {
                self.violate("the call is over for somebody, and this one was not told", connection, call)
            }
        }
        self.ended.removeAll(keepingCapacity: true)
    }

    private func audit(
        _ connection: ConnectionID,
        _ request: ClientRequest,
        _ outputs: [ClientOutbound],
        calls: Int,
        phones: Int
    ) {
        let refusal = outputs.compactMap { output -> ClientError? in
            guard case .send(connection, .error(let error)) = output else { return nil }
            return error
        }.first
        let found = self.find(request.action, of: connection)
        if let refusal {
            if outputs.count != 1 || phones != 0 || calls != 0 {
                self.violate("an `error` changed something", connection, request.action.callID)
            }
            if refusal.action != request.action.name || refusal.requestID != request.requestID {
                self.violate("an `error` names another message", connection, request.action.callID)
            }
            if let found, self.isDue(request.action, self.legs[connection]?[found]) {
                self.violate(
                    "\(request.action.name) was refused: \(refusal.code.rawValue), \(refusal.message)",
                    connection,
                    request.action.callID
                )
            }
            return
        }
        if case .startCall(let peer, let offer) = request.action {
            var leg = Leg(side: .caller, peer: peer)
            leg.hasOffered = offer != nil
            // Whoever is told of the call in one breath with it tells us its name.
            for case .send(_, .incomingCall(let call, _, _, _)) in outputs { leg.callID = call }
            if let call = leg.callID { self.members[call, default: []].append(connection) }
            self.legs[connection]?.append(leg)
            return
        }
        guard let found else {
            if request.action.callID != nil || !self.mayBeAmbiguous(request.action) {
                self.violate(
                    "\(request.action.name) was taken for a call that this app does not have",
                    connection,
                    request.action.callID
                )
            }
            self.noteOffer(request.action, connection)
            return
        }
        self.take(request.action, connection, found, calls: calls)
    }

    /// Carries out what an accepted message means.
    private func take(_ action: ClientAction, _ connection: ConnectionID, _ index: Int, calls: Int) {
        guard var leg = self.legs[connection]?[index] else { return }
        switch action {
        case .startCall: return
        case .answerCall(_, _, let answer):
            guard leg.stage == .ringing, leg.side == .callee else {
                return self.violate("answer_call was taken twice", connection, leg.callID)
            }
            leg.stage = .answered
            if answer != nil { leg.owesAnswer = false }
        case .rejectCall, .cancelCall, .hangUp:
            leg.stage = .over
            if let call = leg.callID { self.ended.append(call) }
            let isRejection = if case .rejectCall = action { true } else { false }
            // A call that waits for a transfer ends together with the one that rings for it.
            let most = self.world.profile.transfers ? 2 : 1
            if calls > most || (calls < 1 && !isRejection) {
                self.violate("\(action.name) was taken, and ended \(calls) calls", connection, leg.callID)
            }
        case .offer:
            leg.hasOffered = true
        case .answer:
            guard leg.owesAnswer else {
                return self.violate("an answer was taken that nothing waited for", connection, leg.callID)
            }
            leg.owesAnswer = false
        case .iceCandidate, .hold, .resume, .dtmf, .transfer, .sendMessage:
            return
        }
        self.legs[connection]?[index] = leg
    }

    /// The leg that a message means; nil where that is not sure.
    private func find(_ action: ClientAction, of connection: ConnectionID) -> Int? {
        let legs = self.legs[connection] ?? []
        if let call = action.callID { return legs.firstIndex { $0.callID == call && $0.stage != .over } }
        let fitting = legs.indices.filter { index in
            legs[index].stage != .over && action.peer.map { legs[index].isPeer($0) } ?? false
        }
        if fitting.count == 1 { return fitting[0] }
        let due = fitting.filter { index in
            switch action {
            case .answerCall, .rejectCall: legs[index].side == .callee && legs[index].stage == .ringing
            case .cancelCall: legs[index].side == .caller && legs[index].stage == .ringing
            case .startCall, .hangUp, .offer, .answer, .iceCandidate, .hold, .resume, .dtmf, .transfer, .sendMessage:
                false
            }
        }
        return due.count == 1 ? due[0] : nil
    }

    /// Whether a message without `call_id` may mean a call that we can't tell from others.
    private func mayBeAmbiguous(_ action: ClientAction) -> Bool {
        switch action {
        case .offer, .answer, .iceCandidate, .hold, .resume, .dtmf, .transfer: true
        case .startCall, .answerCall, .rejectCall, .cancelCall, .hangUp, .sendMessage: false
        }
    }

    /// Whether the gateway has no reason to refuse that message.
    private func isDue(_ action: ClientAction, _ leg: Leg?) -> Bool {
        guard let leg, leg.stage != .over else { return false }
        switch action {
        case .answerCall(_, let peer, let answer):
            return leg.side == .callee && leg.stage == .ringing && answer == nil && self.fits(peer, leg)
        case .rejectCall(_, let peer, _):
            return leg.side == .callee && leg.stage == .ringing && self.fits(peer, leg)
        // Once a call is answered a transfer may have made a callee of its caller.
        case .cancelCall(_, let peer):
            let isCaller = leg.side == .caller && (leg.stage == .ringing || !self.world.profile.transfers)
            return isCaller && self.fits(peer, leg)
        // Without `call_id` it may be one of several calls with that peer.
        case .hangUp(let call, let peer): return call != nil && self.fits(peer, leg)
        case .startCall, .offer, .answer, .iceCandidate, .hold, .resume, .dtmf, .transfer, .sendMessage: return false
        }
    }

    /// An offer was taken for one of several calls with a peer: each of them may see its answer.
    private func noteOffer(_ action: ClientAction, _ connection: ConnectionID) {
        guard case .offer(_, let peer, _) = action, var legs = self.legs[connection] else { return }
        for index in legs.indices where self.fits(peer, legs[index]) { legs[index].hasOffered = true }
        self.legs[connection] = legs
    }

    private func fits(_ peer: PartyID?, _ leg: Leg) -> Bool {
        peer.map { leg.isPeer($0) } ?? true
    }

    // MARK: What an app is told

    private func audit(_ event: ClientEvent, to connection: ConnectionID) {
        guard let profile = self.profiles[connection] else {
            return self.violate("\(event.name) for a connection that is gone", connection, event.callID)
        }
        if profile == .baseline, !event.isBaseline {
            self.violate("\(event.name) is not for a baseline app", connection, event.callID)
        }
        guard let call = event.callID, let peer = event.peer else { return }
        if case .incomingCall(_, _, _, let offer) = event {
            if self.legs[connection]?.contains(where: { $0.callID == call }) == true {
                self.violate("incoming_call twice", connection, call)
            }
            if profile == .baseline, offer != nil {
                self.violate("a baseline app got an offer with incoming_call", connection, call)
            }
            var leg = Leg(side: .callee, peer: peer, callID: call)
            leg.owesAnswer = offer != nil
            self.legs[connection]?.append(leg)
            self.members[call, default: []].append(connection)
            return
        }
        guard let index = self.index(of: call, peer, connection), var leg = self.legs[connection]?[index] else {
            return self.violate("\(event.name) of a call that this app is not in", connection, call)
        }
        if leg.callID == nil {
            leg.callID = call
            self.members[call, default: []].append(connection)
        }
        if case .callTransferred = event {
            leg.formerPeer = leg.peer
            leg.peer = peer
        }
        if leg.peer != peer { self.violate("\(event.name) names \(peer.text) for its peer", connection, call) }
        if leg.stage == .over {
            self.violate("\(event.name) after the end of the call", connection, call)
        } else if let fault = Self.fault(of: event, leg) {
            self.violate("\(event.name) \(fault)", connection, call)
        }
        Self.apply(event, &leg)
        self.legs[connection]?[index] = leg
        if event.isEnding, event.reason != .answeredElsewhere, event.reason != .transferred { self.ended.append(call) }
    }

    private func index(of call: String, _ peer: PartyID, _ connection: ConnectionID) -> Int? {
        let legs = self.legs[connection] ?? []
        if let index = legs.firstIndex(where: { $0.callID == call }) { return index }
        let unnamed = legs.indices.filter { legs[$0].callID == nil && legs[$0].peer == peer }
        return unnamed.first { legs[$0].stage != .over } ?? unnamed.first
    }

    /// What is wrong with an event where the leg stands.
    private static func fault(of event: ClientEvent, _ leg: Leg) -> String? {
        let isCaller = leg.side == .caller
        switch event {
        case .callStarted, .callRinging:
            return isCaller && leg.stage == .ringing ? nil : "is for a caller that waits"
        case .callAnswered:
            return isCaller && leg.stage == .ringing ? nil : "comes once, to a caller that waits"
        case .callOffer, .iceCandidate, .callHeld, .callResumed, .dtmfReceived, .callTransferred, .callQuality:
            return leg.stage == .answered ? nil : "comes before the answer"
        case .callAnswer(_, _, let answer):
            if !isCaller, leg.stage == .ringing { return "comes before answer_call" }
            if leg.earlyAnswer == answer { return "comes a second time" }
            return leg.hasOffered ? nil : "answers no offer"
        case .callHangedUp: return leg.stage == .answered ? nil : "comes before the answer"
        case .callRejected, .callFailed:
            return isCaller && leg.stage == .ringing ? nil : "is for a caller that waits"
        case .callCancelled: return !isCaller && leg.stage == .ringing ? nil : "is for a callee that rings"
        case .incomingCall, .session, .messageReceived, .ok, .error: return nil
        }
    }

    private static func apply(_ event: ClientEvent, _ leg: inout Leg) {
        switch event {
        case .callAnswered: leg.stage = .answered
        case .callOffer: leg.owesAnswer = true
        case .callAnswer(_, _, let answer):
            if leg.stage == .ringing { leg.earlyAnswer = answer } else { leg.hasOffered = false }
        case .callHangedUp, .callRejected, .callFailed, .callCancelled: leg.stage = .over
        case .incomingCall, .callStarted, .callRinging, .iceCandidate, .session, .callHeld, .callResumed, .dtmfReceived,
            .callTransferred, .messageReceived, .callQuality, .ok, .error:
            break
        }
    }

    /// The gateway closes a socket of its own accord: for a token that is no longer good, and never in the middle of a
    /// call.
    func auditClose(_ connection: ConnectionID, _ reason: ClientClose) {
        if reason != .tokenExpired { self.violate("closed with \(reason.rawValue)", connection, nil) }
        for leg in self.legs[connection] ?? [] where leg.stage != .over {
            self.violate("closed in the middle of a call with \(leg.peer.text)", connection, leg.callID)
        }
    }

    // MARK: The end

    /// Everybody who is still there has heard of the end of each of his calls.
    func auditEnd() {
        for connection in self.legs.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            for leg in self.legs[connection] ?? [] where leg.stage != .over {
                self.violate("was never told that its call with \(leg.peer.text) is over", connection, leg.callID)
            }
        }
    }
}
