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

/// What a phone will do with a call, drawn when it begins.
struct PhonePlan {
    enum Acknowledging {
        case atOnce
        case late(UInt64)
        case never
        /// At once, but without the answer that it owes.
        case empty
    }

    var acknowledging = Acknowledging.atOnce
    var hangUpAfter: UInt64?
    var reinviteAfter: UInt64?
    var cancelAfter: UInt64?
    /// Whether its first INVITE, or its re-INVITE, asks for an offer.
    var asksForOffer = false
    /// The final response to the gateway's INVITE; nil: it rings until it is cancelled.
    var status: UInt16? = 200
    var answersWithoutSDP = false
    var ignoresCancel = false
    var isSilent = false
}

/// A request of a phone on its way.
final class PhoneClient {
    enum Kind {
        case invite
        case reinvite
        case cancel
        case bye
    }

    let request: SIPRequest
    let kind: Kind
    let dialog: PhoneDialog
    let destination: String
    let isReliable: Bool
    var interval: UInt64 = 500_000_000
    let giveUpAt: UInt64
    var hasProvisional = false
    var isDone = false
    var cancelIsWanted = false
    var cancelWasSent = false
    /// The ACKs of its 2xx, by To tag.
    var acks: [String: SIPRequest] = [:]

    init(
        request: SIPRequest,
        kind: Kind,
        dialog: PhoneDialog,
        destination: String,
        isReliable: Bool,
        giveUpAt: UInt64
    ) {
        self.request = request
        self.kind = kind
        self.dialog = dialog
        self.destination = destination
        self.isReliable = isReliable
        self.giveUpAt = giveUpAt
    }

    var key: String { Self.key(self.request.headers.via.first?.branch, self.request.method) }

    static func key(_ branch: String?, _ method: SIPMethod) -> String { "\(branch ?? "") \(method.name)" }
}

/// An INVITE that came to a phone.
final class PhoneServer {
    let request: SIPRequest
    let dialog: PhoneDialog
    let isReinvite: Bool
    let arrivedAt: UInt64
    var last: SIPResponse?
    var status: UInt16?
    var isAcknowledged = false
    var interval: UInt64 = 500_000_000
    var giveUpAt: UInt64 = 0

    init(request: SIPRequest, dialog: PhoneDialog, isReinvite: Bool, arrivedAt: UInt64) {
        self.request = request
        self.dialog = dialog
        self.isReinvite = isReinvite
        self.arrivedAt = arrivedAt
    }

    var isReliable: Bool { self.request.headers.via.first?.transport.isReliable ?? false }
    /// The branch that the gateway gave it, whatever proxies are between.
    var gatewayBranch: String { self.request.headers.via.last?.branch ?? "" }
}
