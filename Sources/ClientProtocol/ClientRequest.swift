/// A message of a client, read and checked; `ClientMessageReader` makes it from a frame.
package struct ClientRequest: Hashable, Sendable {
    package var action: ClientAction
    /// Echoed in the direct reply or the `error`, byte for byte.
    package var requestID: JSONFragment?

    package init(action: ClientAction, requestID: JSONFragment? = nil) {
        self.action = action
        self.requestID = requestID
    }
}

/// What a client asks for, in the words of the protocol.
///
/// `callID` is nil where the message has none or a null one: then it means "the one call that I have with this peer".
/// A peer id is nil only where `callID` is there.
package enum ClientAction: Hashable, Sendable {
    case startCall(calleeID: PartyID, offer: JSONFragment?)
    case answerCall(callID: String?, callerID: PartyID?, answer: JSONFragment?)
    case rejectCall(callID: String?, callerID: PartyID?, reason: ClientReason?)
    case cancelCall(callID: String?, calleeID: PartyID?)
    case hangUp(callID: String?, peerID: PartyID?)
    /// `peerID` is the message's `callee_id`.
    case offer(callID: String?, peerID: PartyID?, offer: JSONFragment)
    /// `peerID` is the message's `caller_id`.
    case answer(callID: String?, peerID: PartyID?, answer: JSONFragment)
    case iceCandidate(callID: String?, peerID: PartyID?, candidate: JSONFragment)

    // The extended profile.
    case hold(callID: String?, peerID: PartyID?)
    case resume(callID: String?, peerID: PartyID?)
    /// `digits` are `keys`; each sounds for `milliseconds`, one of `digitMilliseconds`.
    case dtmf(callID: String?, peerID: PartyID?, digits: String, milliseconds: UInt32)
    /// The other party of the call is to talk to somebody else.
    case transfer(callID: String?, peerID: PartyID?, to: TransferTarget)
    /// `text` has 1 to `maximumTextBytes` bytes.
    case sendMessage(peerID: PartyID, text: String)

    /// Whom a call is transferred to.
    package enum TransferTarget: Hashable, Sendable {
        /// Whoever that is: nobody has asked there (blind).
        case party(PartyID)
        /// The other party of that call of the same app (attended).
        case call(String)
    }

    /// The keys of a telephone (RFC 4733 §3.2).
    package static let keys = Array("0123456789*#ABCD".utf8)
    /// How many of them one message may hold.
    package static let maximumDigits = 64
    package static let digitMilliseconds: ClosedRange<UInt32> = 40...6000
    /// How much a text message holds in UTF-8: a SIP MESSAGE has to fit into one datagram (RFC 3428 §8).
    package static let maximumTextBytes = 900

    /// The `action` of the message.
    package var name: String {
        switch self {
        case .startCall: "start_call"
        case .answerCall: "answer_call"
        case .rejectCall: "reject_call"
        case .cancelCall: "cancel_call"
        case .hangUp: "hang_up"
        case .offer: "offer"
        case .answer: "answer"
        case .iceCandidate: "ice_candidate"
        case .hold: "hold"
        case .resume: "resume"
        case .dtmf: "dtmf"
        case .transfer: "transfer"
        case .sendMessage: "send_message"
        }
    }
}
