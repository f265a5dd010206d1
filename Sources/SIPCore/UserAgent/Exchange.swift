/// What the two sides of a dialog have last described, by offer and answer (RFC 3264).
struct Exchange {
    private(set) var local: [UInt8]?
    private(set) var remote: [UInt8]?
    /// Our description was the answer to the peer's, and not the other way round.
    private(set) var localIsAnswer = false
    /// An offer has been answered: another may follow by UPDATE (RFC 3311 §5).
    private(set) var isSettled = false

    /// Our offer is on its way, the first of the dialog.
    mutating func begin(offer: [UInt8]?) {
        self.local = offer
    }

    /// Our first description is on its way in a provisional response.
    mutating func propose(_ description: [UInt8]) {
        self.local = description
    }

    /// The peer's offer is here, the first of the dialog.
    mutating func begin(remoteOffer: [UInt8]?) {
        self.remote = remoteOffer
    }

    /// The peer has answered our offer; without an answer nothing changes.
    mutating func settle(offer: [UInt8]?, remoteAnswer: [UInt8]?) {
        guard let remoteAnswer else { return }
        if let offer { self.local = offer }
        self.remote = remoteAnswer
        self.localIsAnswer = false
        self.isSettled = true
    }

    /// A 2xx to our INVITE came: its description is the answer, even after one in a provisional response, though not after
    /// an UPDATE.
    mutating func settle(answerInSuccess answer: [UInt8]?) {
        guard let answer, !self.localIsAnswer else { return }
        self.settle(offer: nil, remoteAnswer: answer)
    }

    /// We have answered the peer's offer; without an answer nothing changes.
    mutating func settle(remoteOffer: [UInt8]?, answer: [UInt8]?) {
        guard let answer else { return }
        if let remoteOffer { self.remote = remoteOffer }
        self.local = answer
        self.localIsAnswer = true
        self.isSettled = true
    }

    /// What we answer to an offer that repeats the peer's description; nil where it does not, or where our own
    /// description makes no answer.
    func answer(repeating offer: [UInt8]) -> [UInt8]? {
        guard let local = self.local, let remote = self.remote else { return nil }
        guard offer == remote || SessionDescription.isRepeated(remote, by: offer) else { return nil }
        return self.localIsAnswer ? local : SessionDescription.answer(local, to: offer)
    }

    /// Whether `description` has the media that the peer has told before.
    func isKnown(_ description: [UInt8]) -> Bool {
        guard let remote = self.remote else { return false }
        return remote == description || SessionDescription.isSameMedia(remote, description)
    }
}
