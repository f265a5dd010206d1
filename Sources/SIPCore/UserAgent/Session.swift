/// One INVITE session from its INVITE to the end of its BYE.
///
/// `stage` is its life; `operation` is the one INVITE transaction that runs in its dialog, which every other has to wait
/// for (RFC 3261 §14.1), and `update` the one UPDATE.
final class Session: Scheduled {
    enum Stage {
        /// The addresses of our INVITE's target are being found.
        case locating(until: Instant)
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
        case reinviting(OutgoingInvite, Modification, timerC: Instant?)
        /// The 2xx to our INVITE held an offer, and `acknowledge` is owed.
        case owingAck(OutgoingInvite)
        /// The peer's re-INVITE has no final response yet.
        case reinvited(ReceivedInvite, until: Instant)
        /// Our 2xx has no ACK yet.
        case unacknowledged(UnacknowledgedAnswer)
    }

    enum Update {
        case none
        /// Ours has no final response yet.
        case sent(Modification, tag: String)
        /// The peer's has none: its offer, or that of a PRACK, waits for the call side.
        case received(ReceivedRequest, tag: String, offer: [UInt8], until: Instant)
    }

    /// A re-INVITE or an UPDATE that we shall send.
    struct Modification {
        enum Kind {
            case reinvite
            case update
            /// By UPDATE where the peer takes that, else by a re-INVITE with our last description (RFC 4028 §7.4).
            case refresh
        }

        var kind = Kind.reinvite
        var sdp: [UInt8]?
        /// How often a 491 came.
        var glares = 0
    }

    /// A 2xx that the call side has ordered, and that has to wait for a PRACK (RFC 3262 §3).
    struct HeldAnswer {
        var sdp: [UInt8]?
    }

    /// Our 2xx, which is repeated until its ACK comes (RFC 3261 §13.3.1.4).
    struct UnacknowledgedAnswer {
        var response: SIPOutbound
        var cSeq: UInt32
        /// It is the answer to the INVITE that opened the session.
        var isInitial: Bool
        /// The offer was in our 2xx: the ACK owes an answer.
        var holdsOffer: Bool
        /// It answers a refresh, of which the call side has not heard.
        var isRefresh: Bool
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
    /// What this session adds to the gauge of dialogs.
    var countedDialogs = 0
    /// Our INVITE, until it has its final response.
    var order: InviteOrder?
    /// Where else it may go, where it finds nobody.
    var targets: [SIPTarget] = []
    var digest: DigestClient?
    /// The user part of our Contact.
    let user: String?
    var operation = Operation.none
    var update = Update.none
    /// Re-INVITEs and UPDATEs that wait for their turn.
    var waiting: [Modification] = []
    /// Digits that wait to go to the peer by INFO.
    var digits: [SIPDigit] = []
    /// The one whose INFO has no final response yet.
    var digitOnItsWay: SIPDigit?
    /// After a 491: when the first of `waiting` may go.
    var retryAt: Instant?
    /// The end was ordered while our 2xx had no ACK: BYE has to wait for that (RFC 3261 §15).
    var postponedEnding: SessionEnding?
    /// Of the dialog; while our INVITE has no 2xx each early dialog has its own.
    var exchange = Exchange()
    /// Our reliable provisional responses; nil before the first.
    var provisionals: ReliableProvisionals?
    var heldAnswer: HeldAnswer?
    /// By its last Allow.
    var allowsUpdate = false
    /// The same of REFER.
    var allowsRefer = false
    /// Our REFER, until it is known what became of it.
    var reference: OutgoingReference?
    /// The peer's, until the peer knows.
    var receivedReference: ReceivedReference?
    /// Whether the peer has referred us before: then each NOTIFY has to name its REFER (RFC 3515 §2.4.6).
    var hasReferred = false
    /// What we support in this session.
    var extensions: MethodTable.Extensions
    var timer: SessionTimer

    init(
        id: SessionID,
        key: Dialog.Key,
        stage: Stage = .over,
        user: String?,
        extensions: MethodTable.Extensions,
        timer: SessionTimer
    ) {
        self.id = id
        self.key = key
        self.stage = stage
        self.user = user
        self.extensions = extensions
        self.timer = timer
    }

    override func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        agent.timeoutReached(self, now: now)
    }
}
