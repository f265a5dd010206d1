/// One INVITE session from its INVITE to the end of its BYE.
///
/// `stage` is its life; `operation` is the one INVITE transaction that runs in its dialog, which every other has to wait
/// for (RFC 3261 §14.1).
final class Session: Scheduled {
    enum Stage {
        /// Our INVITE has no final response yet.
        case inviting(OutgoingInvite, Patience)
        /// The peer's INVITE has no final response yet.
        case invited(ReceivedInvite)
        case established
        /// Our BYE is on its way; one of the peer's that crosses it is still answered.
        case terminating
        case over
    }

    /// How long an INVITE of ours may go on.
    enum Patience {
        /// Nothing at all has come yet; see `InviteOrder.tryTimeout`.
        case anyResponse(until: Instant)
        /// Timer C.
        case finalResponse(until: Instant)

        var deadline: Instant {
            switch self {
            case .anyResponse(let until), .finalResponse(let until): until
            }
        }
    }

    enum Operation {
        case none
        /// Our re-INVITE has no final response yet; `timerC` once it has a provisional one.
        case reinviting(OutgoingInvite, Reinvite, timerC: Instant?)
        /// The 2xx to our INVITE held an offer, and `acknowledge` is owed.
        case owingAck(OutgoingInvite)
        /// The peer's re-INVITE has no final response yet.
        case reinvited(ReceivedInvite, until: Instant)
        /// Our 2xx has no ACK yet.
        case unacknowledged(UnacknowledgedAnswer)
    }

    /// A re-INVITE that we shall send.
    struct Reinvite {
        var sdp: [UInt8]?
        /// How often a 491 came.
        var glares = 0
    }

    /// Our 2xx, which is repeated until its ACK comes (RFC 3261 §13.3.1.4).
    struct UnacknowledgedAnswer {
        var response: SIPOutbound
        var cSeq: UInt32
        /// It is the answer to the INVITE that opened the session.
        var isInitial: Bool
        /// The offer was in our 2xx: the ACK owes an answer.
        var holdsOffer: Bool
        var interval: Span
        var resendAt: Instant
        var giveUpAt: Instant
    }

    let id: SessionID
    let key: Dialog.Key
    var stage: Stage
    /// The call side has heard of its end, or has ordered it: no more events.
    var isSilent = false
    /// nil while our INVITE has no 2xx.
    var dialog: Dialog?
    /// The To tags of the provisional responses to our INVITE, each an early dialog.
    var earlyTags: [String] = []
    /// What this session adds to the gauge of dialogs.
    var countedDialogs = 0
    /// Our INVITE, until it has its final response.
    var order: InviteOrder?
    var digest: DigestClient?
    /// The user part of our Contact.
    let user: String?
    var operation = Operation.none
    /// Re-INVITEs that wait for their turn.
    var waiting: [Reinvite] = []
    /// Digits that wait to go to the peer by INFO.
    var digits: [SIPDigit] = []
    /// The one whose INFO has no final response yet.
    var digitOnItsWay: SIPDigit?
    /// After a 491: when the first of `waiting` may go.
    var retryAt: Instant?
    /// The end was ordered while our 2xx had no ACK: BYE has to wait for that (RFC 3261 §15).
    var postponedEnding: SessionEnding?

    init(id: SessionID, key: Dialog.Key, stage: Stage = .over, user: String?) {
        self.id = id
        self.key = key
        self.stage = stage
        self.user = user
    }

    var deadline: Instant? {
        switch self.stage {
        case .inviting(_, let patience): patience.deadline
        case .invited, .terminating, .over: nil
        case .established:
            switch self.operation {
            case .none: self.waiting.isEmpty ? nil : self.retryAt
            case .reinviting(_, _, let timerC): timerC
            case .owingAck: nil
            case .reinvited(_, let until): until
            case .unacknowledged(let answer): min(answer.resendAt, answer.giveUpAt)
            }
        }
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
