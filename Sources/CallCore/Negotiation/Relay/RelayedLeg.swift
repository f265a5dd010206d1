import ClientProtocol
package import MediaCore
import SIPCore

/// One leg's own offer/answer with the relay (RFC 3264): the peer of this leg never waits for that of the other.
///
/// ## Overview
/// The machine reads the peer's descriptions and writes ours; what was agreed on is `peer`, in the words of the media
/// engine. Which codecs may be agreed on, and when, the call decides, since that depends on the other leg.
///
/// ## Function
/// ```
///               offer()                            answer()
///   idle ───────────────▶ offered      idle ──▶ asked ──────────▶ idle
///    ▲                       │              received(offer)
///    └───────────────────────┘
///        received(answer)
/// ```
package struct RelayedLeg: Hashable, Sendable {
    private enum Exchange: Hashable, Sendable {
        case idle
        /// Our offer is out.
        case offered(AudioTerms)
        /// The peer's offer waits for our answer.
        case asked(AudioDescription)
    }

    package let kind: MediaLegKind
    /// Whether the engine has been told to lay it out; only then it has to be told to close it.
    package var isOrdered = false
    /// Nil until the engine has laid it out, and while an ICE restart waits for its new credentials.
    package private(set) var endpoint: MediaEndpoint?
    /// What was agreed on last; nil before the first exchange has come to its end.
    package private(set) var peer: MediaPeer?
    /// Whether the engine can send to the peer.
    package var isConnected = false
    /// Whether the other party has put this leg on hold.
    package var isHeld = false
    /// Whether the first offer is ours, on whichever side of the call the leg is.
    package var offersFirst = false
    /// Whether a phone has been asked, by an offer of ours, for a codec that the other leg has.
    package var isTuned = false
    /// Whether this leg's peer has put the other party on hold.
    package private(set) var holds = false
    /// What the peer was told last of our hold.
    private(set) var statedHold = false
    /// The last report of the engine.
    package var quality: MediaQuality?
    /// Whether the peer ought to send, and does not.
    package var isSilent = false
    private var exchange = Exchange.idle
    /// The payload types that our last descriptions gave each codec: later ones keep them (RFC 3264 §8.3.2).
    private var payloadTypes: [AudioDescription.Format] = []

    package init(_ kind: MediaLegKind) {
        self.kind = kind
    }

    package mutating func opened(_ endpoint: MediaEndpoint) {
        self.endpoint = endpoint
    }

    // MARK: What is due

    /// The peer's offer that waits for our answer.
    package var pendingOffer: AudioDescription? {
        switch self.exchange {
        case .asked(let offer): offer
        case .idle, .offered: nil
        }
    }

    /// Whether our offer waits for the peer's answer.
    package var owesAnswer: Bool {
        switch self.exchange {
        case .offered: true
        case .idle, .asked: false
        }
    }

    /// Whether the peer may offer now.
    package var mayBeOffered: Bool {
        switch self.exchange {
        case .idle: true
        case .offered, .asked: false
        }
    }

    /// Whether the peer has to be told of a hold, or of its end.
    package var holdIsNews: Bool { self.isHeld != self.statedHold && self.peer != nil }

    /// What the peer is known to take, best first: what was agreed on, else what it offers; nil: nothing is known.
    package var codecs: [AudioCodec]? {
        self.peer.map { $0.formats.map(\.codec) } ?? self.pendingOffer.map { $0.formats.map(\.codec) }
    }

    // MARK: The peer offers

    /// Keeps an offer of the peer until it can be answered.
    ///
    /// - Returns: whether it restarts ICE: then the endpoint has to be laid out anew before the answer.
    package mutating func received(offer: AudioDescription) -> Bool {
        self.exchange = .asked(offer)
        guard let ice = self.peer?.ice, offer.ice != ice else { return false }
        self.endpoint = nil
        return true
    }

    /// Answers the offer that waits.
    ///
    /// - Parameters:
    ///   - codecs: what may be agreed on, best first.
    ///   - only: whether the first of them that the offer has is agreed on alone.
    ///   - origin: the leg's, raised by one where the answer says something new.
    ///   - last: what the peer was sent last: one that comes to the same is that one again (RFC 3264 §8).
    /// - Returns: our answer; nil where no offer or no endpoint is there.
    /// - Throws: `noCodec`, `noSecurity`: the offer can't be accepted, and waits no more.
    package mutating func answer(
        codecs: [AudioCodec],
        only: Bool,
        origin: inout SessionOrigin,
        last: [UInt8]? = nil
    ) throws(RelayFault) -> [UInt8]? {
        guard case .asked(let offer) = self.exchange, let endpoint = self.endpoint else { return nil }
        self.exchange = .idle
        var formats = codecs.compactMap { codec in offer.formats.first { $0.codec == codec } }
        if only { formats = Array(formats.prefix(1)) }
        guard !formats.isEmpty else { throw RelayFault.noCodec }
        var terms = AudioTerms(
            formats: formats,
            digits: offer.digits.fitting(formats),
            direction: offer.direction.answered(by: self.willing),
            setup: self.setup(answering: offer),
            sdes: [],
            multiplexesRTCP: offer.multiplexesRTCP,
            answers: offer
        )
        var protection = MediaPeer.Protection.none
        switch self.kind {
        case .webRTC:
            protection = .dtls(
                role: terms.setup == "active" ? .client : .server,
                fingerprints: offer.fingerprints
            )
        case .rtp:
            if !offer.sdes.isEmpty {
                guard let pair = endpoint.sdes.pair(answering: offer.sdes) else { throw RelayFault.noSecurity }
                terms.sdes = [pair.ours]
                protection = .sdes(ours: pair.ours, theirs: pair.theirs)
            }
        }
        self.agree(offer, terms, ours: terms.formats, protection, isHeld: self.isHeld)
        if let last, terms.sdp(kind: self.kind, endpoint: endpoint, origin: origin) == last { return last }
        origin.version += 1
        return terms.sdp(kind: self.kind, endpoint: endpoint, origin: origin)
    }

    /// The offer that waits is refused.
    package mutating func refuse() {
        self.exchange = .idle
    }

    // MARK: We offer

    /// Makes an offer.
    ///
    /// - Parameters:
    ///   - codecs: what is offered, best first.
    ///   - sdes: whether a phone is offered SRTP; what was agreed on, it or plain RTP, goes on.
    ///   - origin: the leg's, raised by one.
    /// - Returns: nil where no endpoint or no codec is there, or another exchange is under way.
    package mutating func offer(codecs: [AudioCodec], sdes: Bool, origin: inout SessionOrigin) -> [UInt8]? {
        guard let endpoint = self.endpoint, !codecs.isEmpty, self.mayBeOffered else { return nil }
        let secure =
            switch self.peer?.protection {
            case .some(.sdes): true
            case .some(.none), .some(.dtls): false
            case nil: sdes
            }
        let formats = self.offeredFormats(codecs)
        let terms = AudioTerms(
            formats: formats,
            digits: self.offeredDigits(beside: formats),
            direction: self.willing,
            setup: self.kind == .webRTC ? "actpass" : "",
            sdes: secure ? endpoint.sdes : [],
            multiplexesRTCP: self.kind == .webRTC || self.peer?.multiplexesRTCP == true
        )
        self.exchange = .offered(terms)
        origin.version += 1
        return terms.sdp(kind: self.kind, endpoint: endpoint, origin: origin)
    }

    /// Takes the answer to our offer.
    ///
    /// One in a provisional response may be followed by another, so the offer stays as long as `isFinal` is false.
    ///
    /// - Throws: `RelayFault`: it can't be taken; the session goes on as it was, where there is one.
    package mutating func received(answer: AudioDescription, isFinal: Bool = true) throws(RelayFault) {
        guard case .offered(var terms) = self.exchange else { throw RelayFault.noOffer }
        if isFinal { self.exchange = .idle }
        let offered = terms.formats
        terms.formats =
            answer.formats.filter { format in offered.contains { $0.codec == format.codec } }.oneForEachCodec
        guard !terms.formats.isEmpty else { throw RelayFault.noCodec }
        terms.multiplexesRTCP = answer.multiplexesRTCP
        var protection = MediaPeer.Protection.none
        switch self.kind {
        case .webRTC:
            protection = .dtls(
                role: answer.setup == "passive" ? .client : .server,
                fingerprints: answer.fingerprints
            )
        case .rtp:
            if !terms.sdes.isEmpty {
                guard let pair = terms.sdes.pair(answeredBy: answer.sdes) else { throw RelayFault.noSecurity }
                protection = .sdes(ours: pair.ours, theirs: pair.theirs)
            } else if !answer.sdes.isEmpty {
                throw RelayFault.noSecurity
            }
        }
        self.agree(answer, terms, ours: offered, protection, isHeld: !terms.direction.receives)
    }

    /// Our offer has not been sent, and will not be: what is wanted stays as it is.
    ///
    /// - Returns: whether there was one.
    package mutating func withdrawOffer() -> Bool {
        guard case .offered = self.exchange else { return false }
        self.exchange = .idle
        return true
    }

    /// No answer to our offer will come any more: what was agreed on before it holds.
    ///
    /// - Returns: the hold, or the end of one, that the peer was asked for and that is given up with it; nil where there
    ///   was no such thing, or it is not wanted any more.
    @discardableResult
    package mutating func closeOffer() -> Bool? {
        guard case .offered(let terms) = self.exchange else { return nil }
        self.exchange = .idle
        let asked = !terms.direction.receives
        guard asked != self.statedHold, asked == self.isHeld else { return nil }
        self.isHeld = self.statedHold
        return asked
    }

    // MARK: Steps

    /// The direction that we are ready for.
    private var willing: SDPDirection { self.isHeld ? .sendonly : .sendrecv }

    /// The `a=setup` of our answer: roles last as long as the association does, and that as long as the certificate
    /// (RFC 8842 §5.3, where a later offer says `actpass` too).
    private func setup(answering offer: AudioDescription) -> String {
        switch offer.setup {
        case "passive":
            return "active"
        case "active":
            return "passive"
        default:
            guard case .dtls(role: .client, let fingerprints) = self.peer?.protection,
                fingerprints == offer.fingerprints
            else { return "passive" }
            return "active"
        }
    }

    private mutating func agree(
        _ theirs: AudioDescription,
        _ terms: AudioTerms,
        ours: [AudioDescription.Format],
        _ protection: MediaPeer.Protection,
        isHeld: Bool
    ) {
        self.payloadTypes.removeAll { known in
            ours.contains { $0.codec == known.codec || $0.payloadType == known.payloadType }
        }
        self.payloadTypes += ours
        self.statedHold = isHeld
        self.holds = !theirs.direction.receives
        self.peer = MediaPeer(
            address: self.kind == .webRTC ? nil : theirs.address,
            rtcpAddress: theirs.rtcpAddress,
            multiplexesRTCP: terms.multiplexesRTCP,
            ice: theirs.ice,
            protection: protection,
            sends: theirs.direction.receives && !isHeld,
            receives: theirs.direction.sends && !isHeld,
            formats: terms.formats.map { format in
                // The peer sends by the type of our description.
                let own = ours.first { $0.codec == format.codec } ?? format
                return AudioFormat(format.codec, sends: format.payloadType, receives: own.payloadType)
            },
            digits: terms.answers == nil
                ? theirs.digits.agreed(with: terms.digits)
                : terms.digits.map {
                    DigitFormat(sends: $0.payloadType, receives: $0.payloadType, clockRate: $0.clockRate)
                },
            packetMilliseconds: theirs.packetMilliseconds
        )
    }

    /// Each codec under the type that it has already, else that everyone knows, else a free one of 96 and up.
    private func offeredFormats(_ codecs: [AudioCodec]) -> [AudioDescription.Format] {
        var taken = self.payloadTypes.map(\.payloadType) + (self.peer?.digits.map(\.receives) ?? [])
        return codecs.map { codec in
            if let known = self.payloadTypes.first(where: { $0.codec == codec }) { return known }
            let type = Self.free(codec.staticPayloadType ?? 111, taken)
            taken.append(type)
            return AudioDescription.Format(payloadType: type, codec: codec)
        }
    }

    /// Telephone-event at 8 kHz always, and at Opus's clock for an app that has Opus (RFC 4733 §2.1).
    private func offeredDigits(beside formats: [AudioDescription.Format]) -> [AudioDescription.Digits] {
        if let known = self.peer?.digits, !known.isEmpty {
            return known.map { AudioDescription.Digits(payloadType: $0.receives, clockRate: $0.clockRate) }
        }
        var taken = (self.payloadTypes + formats).map(\.payloadType)
        var digits = [AudioDescription.Digits(payloadType: Self.free(101, taken), clockRate: 8000)]
        if self.kind == .webRTC, formats.contains(where: { $0.codec == .opus }) {
            taken += digits.map(\.payloadType)
            digits.append(AudioDescription.Digits(payloadType: Self.free(110, taken), clockRate: 48_000))
        }
        return digits
    }

    /// The type that is wished for, or the first dynamic one that is not taken; there are more than we ever need.
    private static func free(_ wished: UInt8, _ taken: [UInt8]) -> UInt8 {
        taken.contains(wished) ? (96...127).first { !taken.contains($0) } ?? wished : wished
    }
}

extension RelayedLeg {
    /// What a client is told of the leg; nil before there is anything to tell.
    var reportedQuality: LegQuality? {
        guard let quality = self.quality else { return self.isSilent ? LegQuality(isSilent: true) : nil }
        func milliseconds(_ span: Span) -> UInt32 { UInt32(clamping: span.nanoseconds / 1_000_000) }
        return LegQuality(
            lossPerMille: quality.lossPerMille,
            peerLossPerMille: quality.peerLossPerMille,
            jitterMilliseconds: milliseconds(quality.jitter),
            roundTripMilliseconds: quality.roundTrip.map { milliseconds($0) },
            isSilent: self.isSilent
        )
    }
}

extension [AudioDescription.Format] {
    /// Without the later ones of a codec that is there more than once.
    fileprivate var oneForEachCodec: [AudioDescription.Format] {
        var seen: Set<AudioCodec> = []
        return self.filter { seen.insert($0.codec).inserted }
    }
}

extension [AudioDescription.Digits] {
    /// Those at the clock of a codec that was agreed on; where no clock fits, all that is there.
    fileprivate func fitting(_ formats: [AudioDescription.Format]) -> [AudioDescription.Digits] {
        let fitting = self.filter { digits in formats.contains { $0.codec.clockRate == digits.clockRate } }
        return fitting.isEmpty ? self : fitting
    }

    fileprivate func agreed(with ours: [AudioDescription.Digits]) -> [DigitFormat] {
        self.compactMap { theirs in
            ours.first { $0.clockRate == theirs.clockRate }.map {
                DigitFormat(sends: theirs.payloadType, receives: $0.payloadType, clockRate: theirs.clockRate)
            }
        }
    }
}

extension [SDESKey] {
    /// Our key that answers the first offered one of a suite that we have, under the tag of the offer (RFC 4568 §5.1.2).
    fileprivate func pair(answering offered: [SDESKey]) -> (ours: SDESKey, theirs: SDESKey)? {
        for theirs in offered {
            guard var ours = self.first(where: { $0.suite == theirs.suite }) else { continue }
            ours.tag = theirs.tag
            return (ours, theirs)
        }
        return nil
    }

    fileprivate func pair(answeredBy answer: [SDESKey]) -> (ours: SDESKey, theirs: SDESKey)? {
        guard let theirs = answer.first,
            let ours = self.first(where: { $0.tag == theirs.tag && $0.suite == theirs.suite })
        else { return nil }
        return (ours, theirs)
    }
}
