/// Our reliable provisional responses to one INVITE (RFC 3262 §3): one at a time, repeated until its PRACK comes.
struct ReliableProvisionals {
    struct Pending {
        var rSeq: UInt32
        var response: SIPOutbound
        var sdp: [UInt8]?
        var interval: Span
        var resendAt: Instant
        var giveUpAt: Instant
    }

    struct Waiting {
        var status: UInt16
        var sdp: [UInt8]?
    }

    /// The CSeq number of the INVITE.
    let cSeq: UInt32
    /// The INVITE had no offer: our first description is one.
    let holdsOffer: Bool
    private(set) var rSeq: UInt32
    var pending: Pending?
    var waiting: [Waiting] = []

    /// Of the responses to `invite`; `first` is the first RSeq, 1 to 2^31 - 1.
    init(to invite: SIPRequest, first: UInt32) {
        self.cSeq = invite.headers.cSeq.number
        self.holdsOffer = invite.body.isEmpty
        self.rSeq = first &- 1
    }

    mutating func nextRSeq() -> UInt32 {
        self.rSeq &+= 1
        return self.rSeq
    }

    var deadline: Instant? {
        self.pending.map { min($0.resendAt, $0.giveUpAt) }
    }

    /// Whether no 2xx may go out yet: a description of ours has no PRACK.
    var holdsAnswerBack: Bool { self.pending?.sdp != nil }
}
