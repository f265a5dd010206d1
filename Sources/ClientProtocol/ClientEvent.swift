/// A message to a client; `ClientMessageWriter` makes a frame of it.
package enum ClientEvent: Hashable, Sendable {
    // The user's page.
    case incomingCall(callID: String, callerID: PartyID, callerUsername: String, offer: JSONFragment?)
    case callAnswered(callID: String, calleeID: PartyID)
    /// `callerID` is the peer that offers.
    case callOffer(callID: String, callerID: PartyID, offer: JSONFragment)
    /// `calleeID` is the peer that answers.
    case callAnswer(callID: String, calleeID: PartyID, answer: JSONFragment)
    case iceCandidate(callID: String, senderID: PartyID, candidate: JSONFragment)
    case callHangedUp(callID: String, hangedUpBy: PartyID, reason: ClientReason, sipStatus: UInt16?)
    case callRejected(callID: String, calleeID: PartyID, reason: ClientReason, sipStatus: UInt16?)
    case callCancelled(callID: String, callerID: PartyID, reason: ClientReason, sipStatus: UInt16?)

    // The extended profile.
    case session(ClientSession)
    case callStarted(callID: String, calleeID: PartyID, requestID: JSONFragment?)
    case callRinging(callID: String, calleeID: PartyID, earlyMedia: Bool)
    case callFailed(callID: String, calleeID: PartyID, reason: ClientReason, sipStatus: UInt16?)
    /// The other side has put the call on hold.
    case callHeld(callID: String)
    case callResumed(callID: String)
    /// The other side has dialled digits.
    case dtmfReceived(callID: String, digits: String)
    /// The other party is somebody else from now on.
    case callTransferred(callID: String, peerID: PartyID, peerUsername: String)
    /// Somebody, in a call with this app or not, has sent a text.
    case messageReceived(senderID: PartyID, text: String)
    /// How the media of each side has fared; nil where it is not known.
    case callQuality(callID: String, own: LegQuality?, other: LegQuality?)
    /// Said in place of silence to an action that has a `request_id` and no reply of its own.
    case ok(requestID: JSONFragment)

    // Both profiles.
    case error(ClientError)

    /// The `type` of the message.
    package var name: String {
        switch self {
        case .incomingCall: "incoming_call"
        case .callAnswered: "call_answered"
        case .callOffer: "call_offer"
        case .callAnswer: "call_answer"
        case .iceCandidate: "ice_candidate"
        case .callHangedUp: "call_hanged_up"
        case .callRejected: "call_rejected"
        case .callCancelled: "call_cancelled"
        case .session: "session"
        case .callStarted: "call_started"
        case .callRinging: "call_ringing"
        case .callFailed: "call_failed"
        case .callHeld: "call_held"
        case .callResumed: "call_resumed"
        case .dtmfReceived: "dtmf_received"
        case .callTransferred: "call_transferred"
        case .messageReceived: "message_received"
        case .callQuality: "call_quality"
        case .ok: "ok"
        case .error: "error"
        }
    }
}

extension ClientEvent {
    /// The same for an app that knows the call by that id; nil: as it is.
    package func known(as callID: String?) -> ClientEvent {
        guard let id = callID else { return self }
        return switch self {
        case .incomingCall(_, let callerID, let username, let offer):
            .incomingCall(callID: id, callerID: callerID, callerUsername: username, offer: offer)
        case .callAnswered(_, let calleeID): .callAnswered(callID: id, calleeID: calleeID)
        case .callOffer(_, let callerID, let offer): .callOffer(callID: id, callerID: callerID, offer: offer)
        case .callAnswer(_, let calleeID, let answer): .callAnswer(callID: id, calleeID: calleeID, answer: answer)
        case .iceCandidate(_, let senderID, let candidate):
            .iceCandidate(callID: id, senderID: senderID, candidate: candidate)
        case .callHangedUp(_, let by, let reason, let status):
            .callHangedUp(callID: id, hangedUpBy: by, reason: reason, sipStatus: status)
        case .callRejected(_, let calleeID, let reason, let status):
            .callRejected(callID: id, calleeID: calleeID, reason: reason, sipStatus: status)
        case .callCancelled(_, let callerID, let reason, let status):
            .callCancelled(callID: id, callerID: callerID, reason: reason, sipStatus: status)
        case .callStarted(_, let calleeID, let requestID):
            .callStarted(callID: id, calleeID: calleeID, requestID: requestID)
        case .callRinging(_, let calleeID, let early): .callRinging(callID: id, calleeID: calleeID, earlyMedia: early)
        case .callFailed(_, let calleeID, let reason, let status):
            .callFailed(callID: id, calleeID: calleeID, reason: reason, sipStatus: status)
        case .callHeld: .callHeld(callID: id)
        case .callResumed: .callResumed(callID: id)
        case .dtmfReceived(_, let digits): .dtmfReceived(callID: id, digits: digits)
        case .callTransferred(_, let peerID, let username):
            .callTransferred(callID: id, peerID: peerID, peerUsername: username)
        case .callQuality(_, let own, let other): .callQuality(callID: id, own: own, other: other)
        case .session, .messageReceived, .ok, .error: self
        }
    }
}

/// The `session` message, the first one in the extended profile.
package struct ClientSession: Hashable, Sendable {
    package var sessionID: String
    package var userID: PartyID
    /// The array for `RTCPeerConnection`, as JSON.
    package var iceServers: JSONFragment
    /// The live calls of the user, on whichever device, oldest first.
    package var calls: [Call]

    package init(sessionID: String, userID: PartyID, iceServers: JSONFragment, calls: [Call] = []) {
        self.sessionID = sessionID
        self.userID = userID
        self.iceServers = iceServers
        self.calls = calls
    }

    /// One live call of the user.
    ///
    /// The new connection has no part in it: what rings there is told by an `incoming_call` of its own.
    package struct Call: Hashable, Sendable {
        package enum Direction: String, Hashable, Sendable {
            case incoming
            case outgoing
        }

        package enum State: String, Hashable, Sendable {
            case ringing
            case answered
        }

        package var callID: String
        /// The other party: as the user dialled it, or the caller's id.
        package var peerID: PartyID
        package var direction: Direction
        package var state: State

        package init(callID: String, peerID: PartyID, direction: Direction, state: State) {
            self.callID = callID
            self.peerID = peerID
            self.direction = direction
            self.state = state
        }
    }
}

/// How the media between the gateway and one party has fared since the last report.
package struct LegQuality: Hashable, Sendable {
    /// Of the packets that the party sent, how many of a thousand never came.
    package var lossPerMille: UInt16
    /// Of those that were sent to it; nil where it has not told.
    package var peerLossPerMille: UInt16?
    package var jitterMilliseconds: UInt32
    package var roundTripMilliseconds: UInt32?
    /// Whether nothing has come from it for 3 s, although it ought to send.
    package var isSilent: Bool

    package init(
        lossPerMille: UInt16 = 0,
        peerLossPerMille: UInt16? = nil,
        jitterMilliseconds: UInt32 = 0,
        roundTripMilliseconds: UInt32? = nil,
        isSilent: Bool = false
    ) {
        self.lossPerMille = lossPerMille
        self.peerLossPerMille = peerLossPerMille
        self.jitterMilliseconds = jitterMilliseconds
        self.roundTripMilliseconds = roundTripMilliseconds
        self.isSilent = isSilent
    }
}
