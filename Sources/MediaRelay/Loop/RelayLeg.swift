import MediaCore
import SIPCore

/// One leg as its media loop knows it: a way to its peer, a stream each way, and the leg that it is joined to.
final class RelayLeg {
    enum Path {
        case app(AppPath)
        case phone(PhonePath)
    }

    let id: MediaLegID
    /// Where the loop keeps it, and the how-manieth of that place: tokens of the past mean nothing.
    let slot: Int
    let generation: UInt32
    let path: Path

    /// The latest description; nil before the first.
    private(set) var peer: MediaPeer?
    /// What each packet asks of the description, without touching its arrays.
    private(set) var isDescribed = false
    private(set) var isProtected = true
    private(set) var peerWantsSound = false
    /// The one that gets what comes in here; the other way round as well.
    var partner: RelayLeg?
    /// Nil where nothing is protected, and where the keys are not there yet.
    var srtp: SRTPSession?
    /// Where RTP goes; nil while that is unknown.
    var destination: MediaAddress?
    /// Of a phone: who it is by its packets.
    var latching: LatchingAddress
    /// Where RTCP without multiplexing came from.
    var controlSource: MediaAddress?

    /// What the peer sends.
    var reception = RTPStreamIn()
    /// What the peer gets.
    var stream: RTPStreamOut
    var control: RTCPSession
    /// What becomes of the payload types on their way to the partner.
    var formats = FormatMap(from: [])
    /// What the peer gets where the joined leg sends a codec that it doesn't take; nil while that is not so.
    var transcoder: Transcoder?
    /// The first format that sound can be turned into for the peer.
    private(set) var transcodedFormat: AudioFormat?
    /// The digits that come in here.
    var digits = DigitRelay()
    /// The digits that go out here.
    var digitSender = DigitSender(format: nil)
    /// Both from the first description on.
    var watch: MediaWatch?
    var quality: QualityMeter?

    /// Whether `connected` was told of the present association.
    var isConnected = false
    /// Whether it is of no use any more.
    var hasFailed = false
    /// The deadline that the loop's queue has for it; nil: none.
    var scheduled: Instant?
    /// How many packets from unproved addresses may still be tested in the second that began then.
    var strangers = StrangerAllowance()

    init(
        id: MediaLegID,
        slot: Int,
        generation: UInt32,
        path: Path,
        stream: consuming RTPStreamOut,
        control: consuming RTCPSession,
        now: Instant
    ) {
        self.id = id
        self.slot = slot
        self.generation = generation
        self.path = path
        self.stream = stream
        self.control = control
        self.latching = LatchingAddress(described: nil, now: now)
    }

    /// Whether there is a way for RTCP to the peer.
    var reachesPeer: Bool {
        self.destination != nil && self.isDescribed && !self.hasFailed && (self.srtp != nil || !self.isProtected)
    }

    /// Whether sound and digits can go to the peer.
    var sends: Bool { self.peerWantsSound && self.reachesPeer }

    /// What is to be done next here; nil: nothing.
    var deadline: Instant? {
        var deadline = self.watch?.deadline
        func consider(_ other: Instant?) {
            guard let other else { return }
            deadline = deadline.map { min($0, other) } ?? other
        }
        consider(self.quality?.deadline)
        consider(self.digits.deadline)
        if self.reachesPeer { consider(self.control.deadline) }
        if self.sends { consider(self.digitSender.deadline) }
        if self.sends { consider(self.transcoder?.deadline) }
        if case .app(let path) = self.path {
            consider(path.agent.deadline)
            consider(path.dtls?.deadline)
        }
        return deadline
    }

    /// Keeps a description.
    func describe(_ peer: MediaPeer) {
        self.peer = peer
        self.isDescribed = true
        self.peerWantsSound = peer.sends
        self.transcodedFormat = peer.formats.first { $0.codec.isTranscoded && $0.sends < 128 }
        // A transcoder is made when it is needed, to what is wanted then.
        if !peer.sends || self.transcodedFormat?.codec != self.transcoder?.codec { self.transcoder = nil }
        switch self.path {
        case .app: self.isProtected = true
        case .phone: self.isProtected = peer.protection != .none
        }
    }

    /// Computes anew what becomes of the payload types that come in here.
    func mapFormats() {
        guard let peer = self.peer else { return }
        self.formats = FormatMap(from: peer.formats, digits: peer.digits, to: self.partner?.peer?.formats ?? [])
    }
}
