import ClientProtocol

extension ClientAction {
    /// The call that the message names.
    var callID: String? {
        switch self {
        case .startCall, .sendMessage: nil
        case .answerCall(let id, _, _), .rejectCall(let id, _, _), .cancelCall(let id, _), .hangUp(let id, _),
            .offer(let id, _, _), .answer(let id, _, _), .iceCandidate(let id, _, _), .hold(let id, _),
            .resume(let id, _),
            .dtmf(let id, _, _, _), .transfer(let id, _, _):
            id
        }
    }

    /// The peer that the message names.
    var peer: PartyID? {
        switch self {
        case .startCall(let peer, _), .sendMessage(let peer, _): peer
        case .answerCall(_, let peer, _), .rejectCall(_, let peer, _), .cancelCall(_, let peer), .hangUp(_, let peer),
            .offer(_, let peer, _), .answer(_, let peer, _), .iceCandidate(_, let peer, _), .hold(_, let peer),
            .resume(_, let peer), .dtmf(_, let peer, _, _), .transfer(_, let peer, _):
            peer
        }
    }
}

extension ClientEvent {
    var callID: String? {
        switch self {
        case .incomingCall(let id, _, _, _), .callAnswered(let id, _), .callOffer(let id, _, _),
            .callAnswer(let id, _, _), .iceCandidate(let id, _, _), .callHangedUp(let id, _, _, _),
            .callRejected(let id, _, _, _), .callCancelled(let id, _, _, _), .callStarted(let id, _, _),
            .callRinging(let id, _, _), .callFailed(let id, _, _, _), .callHeld(let id), .callResumed(let id),
            .dtmfReceived(let id, _), .callTransferred(let id, _, _), .callQuality(let id, _, _):
            id
        case .session, .messageReceived, .ok, .error: nil
        }
    }

    /// The other party, as the event names it.
    var peer: PartyID? {
        switch self {
        case .incomingCall(_, let peer, _, _), .callAnswered(_, let peer), .callOffer(_, let peer, _),
            .callAnswer(_, let peer, _), .iceCandidate(_, let peer, _), .callHangedUp(_, let peer, _, _),
            .callRejected(_, let peer, _, _), .callCancelled(_, let peer, _, _), .callStarted(_, let peer, _),
            .callRinging(_, let peer, _), .callFailed(_, let peer, _, _), .callTransferred(_, let peer, _):
            peer
        case .session, .callHeld, .callResumed, .dtmfReceived, .messageReceived, .callQuality, .ok, .error: nil
        }
    }

    var reason: ClientReason? {
        switch self {
        case .callHangedUp(_, _, let reason, _), .callRejected(_, _, let reason, _),
            .callCancelled(_, _, let reason, _), .callFailed(_, _, let reason, _):
            reason
        case .incomingCall, .callAnswered, .callOffer, .callAnswer, .iceCandidate, .callStarted, .callRinging,
            .session, .callHeld, .callResumed, .dtmfReceived, .callTransferred, .messageReceived, .callQuality, .ok,
            .error:
            nil
        }
    }

    /// Whether the call is over for whoever hears it.
    var isEnding: Bool { self.reason != nil }

    /// Whether a baseline client knows the message.
    var isBaseline: Bool {
        switch self {
        case .incomingCall, .callAnswered, .callOffer, .callAnswer, .iceCandidate, .callHangedUp, .callRejected,
            .callCancelled, .error:
            true
        case .session, .callStarted, .callRinging, .callFailed, .callHeld, .callResumed, .dtmfReceived,
            .callTransferred, .messageReceived, .callQuality, .ok:
            false
        }
    }

    /// One line of a ladder.
    var detail: String {
        if case .error(let error) = self { return "\(error.code.rawValue) (\(error.action ?? "")): \(error.message)" }
        let reason = self.reason.map { " reason \($0.rawValue)" } ?? ""
        return "\(self.callID ?? "") peer \(self.peer?.text ?? "")\(reason)"
    }
}
