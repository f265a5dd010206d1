/// Writes events as the JSON objects of the user's page and of gateway-profile §1 and §4.
///
/// Fragments go out byte for byte. Nothing is allocated but the room that the array needs.
package enum ClientMessageWriter {
    /// Appends the message of `event`, one JSON object without line breaks.
    package static func write(_ event: ClientEvent, into bytes: inout [UInt8]) {
        JSONOutput.append(#"{"type":"#, to: &bytes)
        JSONOutput.append(string: event.name, to: &bytes)
        switch event {
        case .incomingCall(let callID, let callerID, let callerUsername, let offer):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","caller_id":"#, callerID, to: &bytes)
            Self.append(#","caller_username":"#, callerUsername, to: &bytes)
            Self.append(#","offer":"#, offer, to: &bytes)
        case .callAnswered(let callID, let calleeID):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","callee_id":"#, calleeID, to: &bytes)
        case .callOffer(let callID, let callerID, let offer):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","caller_id":"#, callerID, to: &bytes)
            Self.append(#","offer":"#, offer, to: &bytes)
        case .callAnswer(let callID, let calleeID, let answer):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","callee_id":"#, calleeID, to: &bytes)
            Self.append(#","answer":"#, answer, to: &bytes)
        case .iceCandidate(let callID, let senderID, let candidate):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","sender_id":"#, senderID, to: &bytes)
            Self.append(#","candidate":"#, candidate, to: &bytes)
        case .callHangedUp(let callID, let hangedUpBy, let reason, let sipStatus):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","hanged_up_by":"#, hangedUpBy, to: &bytes)
            Self.append(reason: reason, sipStatus: sipStatus, to: &bytes)
        case .callRejected(let callID, let calleeID, let reason, let sipStatus),
            .callFailed(let callID, let calleeID, let reason, let sipStatus):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","callee_id":"#, calleeID, to: &bytes)
            Self.append(reason: reason, sipStatus: sipStatus, to: &bytes)
        case .callCancelled(let callID, let callerID, let reason, let sipStatus):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","caller_id":"#, callerID, to: &bytes)
            Self.append(reason: reason, sipStatus: sipStatus, to: &bytes)
        case .session(let session):
            Self.append(#","session_id":"#, session.sessionID, to: &bytes)
            Self.append(#","user_id":"#, session.userID, to: &bytes)
            Self.append(#","ice_servers":"#, session.iceServers, to: &bytes)
            Self.append(calls: session.calls, to: &bytes)
        case .callStarted(let callID, let calleeID, let requestID):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","callee_id":"#, calleeID, to: &bytes)
            Self.append(#","request_id":"#, requestID, to: &bytes)
        case .callRinging(let callID, let calleeID, let earlyMedia):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","callee_id":"#, calleeID, to: &bytes)
            JSONOutput.append(earlyMedia ? #","early_media":true"# : #","early_media":false"#, to: &bytes)
        case .callHeld(let callID), .callResumed(let callID):
            Self.append(callID: callID, to: &bytes)
        case .dtmfReceived(let callID, let digits):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","digits":"#, digits, to: &bytes)
        case .callTransferred(let callID, let peerID, let peerUsername):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","peer_id":"#, peerID, to: &bytes)
            Self.append(#","peer_username":"#, peerUsername, to: &bytes)
        case .messageReceived(let senderID, let text):
            Self.append(#","sender_id":"#, senderID, to: &bytes)
            Self.append(#","text":"#, text, to: &bytes)
        case .callQuality(let callID, let own, let other):
            Self.append(callID: callID, to: &bytes)
            Self.append(#","own":"#, own, to: &bytes)
            Self.append(#","other":"#, other, to: &bytes)
        case .ok(let requestID):
            Self.append(#","request_id":"#, requestID, to: &bytes)
        case .error(let error):
            Self.append(#","code":"#, error.code.rawValue, to: &bytes)
            Self.append(#","message":"#, error.message, to: &bytes)
            if let action = error.action { Self.append(#","action":"#, action, to: &bytes) }
            Self.append(#","request_id":"#, error.requestID, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func append(calls: [ClientSession.Call], to bytes: inout [UInt8]) {
        JSONOutput.append(#","calls":["#, to: &bytes)
        for (index, call) in calls.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            Self.append(#"{"call_id":"#, call.callID, to: &bytes)
            Self.append(#","peer_id":"#, call.peerID, to: &bytes)
            Self.append(#","direction":"#, call.direction.rawValue, to: &bytes)
            Self.append(#","state":"#, call.state.rawValue, to: &bytes)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private static func append(_ key: StaticString, _ quality: LegQuality?, to bytes: inout [UInt8]) {
        guard let quality else { return }
        JSONOutput.append(key, to: &bytes)
        Self.append(#"{"loss_per_mille":"#, UInt32(quality.lossPerMille), to: &bytes)
        if let loss = quality.peerLossPerMille { Self.append(#","peer_loss_per_mille":"#, UInt32(loss), to: &bytes) }
        Self.append(#","jitter_ms":"#, quality.jitterMilliseconds, to: &bytes)
        if let roundTrip = quality.roundTripMilliseconds { Self.append(#","round_trip_ms":"#, roundTrip, to: &bytes) }
        JSONOutput.append(quality.isSilent ? #","silent":true}"# : #","silent":false}"#, to: &bytes)
    }

    private static func append(_ key: StaticString, _ number: UInt32, to bytes: inout [UInt8]) {
        JSONOutput.append(key, to: &bytes)
        JSONOutput.append(number: UInt64(number), to: &bytes)
    }

    private static func append(callID: String, to bytes: inout [UInt8]) {
        Self.append(#","call_id":"#, callID, to: &bytes)
    }

    private static func append(_ key: StaticString, _ text: String, to bytes: inout [UInt8]) {
        JSONOutput.append(key, to: &bytes)
        JSONOutput.append(string: text, to: &bytes)
    }

    private static func append(_ key: StaticString, _ party: PartyID, to bytes: inout [UInt8]) {
        JSONOutput.append(key, to: &bytes)
        if party.isNumber {
            bytes.append(contentsOf: party.text.utf8)
        } else {
            JSONOutput.append(string: party.text, to: &bytes)
        }
    }

    private static func append(_ key: StaticString, _ fragment: JSONFragment?, to bytes: inout [UInt8]) {
        guard let fragment else { return }
        JSONOutput.append(key, to: &bytes)
        bytes.append(contentsOf: fragment.utf8)
    }

    private static func append(reason: ClientReason, sipStatus: UInt16?, to bytes: inout [UInt8]) {
        Self.append(#","reason":"#, reason.rawValue, to: &bytes)
        guard let sipStatus else { return }
        JSONOutput.append(#","sip_status":"#, to: &bytes)
        JSONOutput.append(number: UInt64(sipStatus), to: &bytes)
    }
}
