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
        case .ok: "ok"
        case .error: "error"
        }
    }
}

/// The `session` message, the first one in the extended profile.
package struct ClientSession: Hashable, Sendable {
    package var sessionID: String
    package var userID: PartyID
    /// The array for `RTCPeerConnection`, as JSON.
    package var iceServers: JSONFragment

    package init(sessionID: String, userID: PartyID, iceServers: JSONFragment) {
        self.sessionID = sessionID
        self.userID = userID
        self.iceServers = iceServers
    }
}
