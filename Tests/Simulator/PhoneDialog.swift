import SIPCore

/// A call of a phone: a dialog, and the early state before it.
final class PhoneDialog {
    enum Stage {
        /// Its INVITE has no final response.
        case calling
        /// The gateway's INVITE has none.
        case ringing
        /// Its 2xx has no ACK.
        case answered
        case established
        /// Its BYE has no response.
        case leaving
        case over
    }

    let isCaller: Bool
    let callID: String
    let localTag: String
    var remoteTag: String?
    var local: NameAddress
    var remote: NameAddress
    var localSequence: UInt32
    var remoteSequence: UInt32 = 0
    var target: SIPURI
    var routes: [NameAddress] = []
    var stage: Stage
    /// The number of the call, where a description has told it.
    var origin: Int?
    var version = 1
    let session: Int
    /// Its INVITE or re-INVITE, until that has its final response.
    var client: PhoneClient?
    /// The gateway's, until that has its ACK.
    var server: PhoneServer?
    var plan = PhonePlan()
    /// Who is heard.
    var owner: String?
    /// The `o=` line and the description that came last.
    var lastOrigin: (session: String, version: UInt64, body: [UInt8])?
    /// What it offered when a 491 came: the same is offered again.
    var refusedOffer: [UInt8]?
    /// The version of its own description that the gateway has taken.
    var agreedVersion: UInt64 = 0
    /// Its own description as it last wrote it.
    var lastDescription: [UInt8] = []
    var startedAt: UInt64 = 0
    /// The RSeq of the last reliable provisional response.
    var lastRSeq: UInt32?
    /// One of them, or the PRACK of one, held the answer.
    var hasReliableAnswer = false
    /// One of its PRACKs was for no call any more.
    var hasLostPRACK = false
    /// All that it has heard, where sessions are refreshed: after an offer that it refused an earlier one comes again.
    var heard: [[UInt8]] = []
    /// Its own REFER, the last one.
    var referral: PhoneReferral?
    /// What it calls for.
    var reference: PhoneReference?
    /// The other end is a phone, and no gateway.
    var isDirect = false
    /// It has done what makes the gateway take it for gone.
    var isSpoilt = false
    /// Its BYE was for no call, and no BYE has come.
    var isStranded = false
    /// How many refreshes it has planned: only the last one counts.
    var refreshes = 0

    init(
        isCaller: Bool,
        callID: String,
        localTag: String,
        local: NameAddress,
        remote: NameAddress,
        sequence: UInt32,
        target: SIPURI,
        session: Int
    ) {
        self.isCaller = isCaller
        self.callID = callID
        self.localTag = localTag
        self.local = local
        self.remote = remote
        self.localSequence = sequence
        self.target = target
        self.session = session
        self.stage = isCaller ? .calling : .ringing
    }
}
