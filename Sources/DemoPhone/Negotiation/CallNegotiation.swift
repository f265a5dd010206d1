package import MediaCore
package import SIPCore

/// The offers and answers of one call (RFC 3264): a pure machine.
///
/// It answers with one audio stream and refuses every other. An INVITE without an offer gets one of PCMU.
package struct CallNegotiation {
    private let choice: AudioChoice
    /// Where we await RTP.
    private let address: MediaAddress
    private let sessionID: UInt64
    private var version: UInt64 = 1
    /// Our description as it last went out.
    private var local: SessionDescription?
    /// What our last offer holds that has no answer yet; nil where none is open.
    private var offered: AgreedAudio?
    /// An offer of ours has no answer yet.
    package var awaitsAnswer: Bool { self.offered != nil }

    /// nil until the first exchange has come to its end.
    package private(set) var agreed: AgreedAudio?

    /// - Parameters:
    ///   - choice: The format that is wanted.
    ///   - address: Where we await RTP.
    ///   - sessionID: Of `o=`; below 2^63.
    package init(_ choice: AudioChoice, at address: MediaAddress, sessionID: UInt64) {
        self.choice = choice
        self.address = address
        self.sessionID = sessionID
    }

    /// Answers an offer; nil where it has nothing for us, and then all stays as it was.
    package mutating func answer(to offer: SessionDescription) -> [UInt8]? {
        guard let agreed = AgreedAudio(offer, self.choice, isIPv6: self.address.isIPv6) else { return nil }
        self.agreed = agreed
        self.offered = nil
        let media = offer.media.enumerated().map { index, section in
            if index == agreed.index { return self.section(agreed) }
            return MediaSection(
                kind: section.kind,
                port: 0,
                transportProtocol: section.transportProtocol,
                formatList: section.formatList
            )
        }
        return self.describe(media)
    }

    /// Our offer: what is agreed already, so that no payload type changes its meaning (RFC 3264 §8.3.2), else PCMU.
    package mutating func offer() -> [UInt8] {
        var offered =
            self.agreed
            ?? AgreedAudio(
                index: 0,
                transportProtocol: "RTP/AVP",
                remote: self.address,
                direction: .sendrecv,
                audio: AudioFormat(.pcmu, sends: 0, receives: 0),
                digits: DigitFormat(sends: 101, receives: 101, clockRate: 8_000),
                digitParameters: "0-15",
                multiplexesRTCP: false
            )
        // A phone that is asked offers all it can do; what holds the call is the peer's to say again.
        offered.direction = .sendrecv
        self.offered = offered
        var media = self.local?.media ?? []
        if media.indices.contains(offered.index) {
            media[offered.index] = self.section(offered)
        } else {
            media = [self.section(offered)]
        }
        return self.describe(media)
    }

    /// Takes the answer to our offer; false where there was none, or it refuses what we offered.
    package mutating func received(answer: SessionDescription) -> Bool {
        guard let offered = self.offered else { return false }
        self.offered = nil
        guard
            var agreed = AgreedAudio(answer, .best([offered.audio.codec]), isIPv6: self.address.isIPv6),
            agreed.index == offered.index
        else { return false }
        // The peer writes the numbers that we gave, and we those that it gives.
        agreed.audio.receives = offered.audio.receives
        agreed.digits?.receives = offered.digits?.receives ?? 0
        if offered.digits == nil { agreed.digits = nil }
        self.agreed = agreed
        return true
    }

    // MARK: Writing

    /// Our description with these sections; its version goes up where it says something new (RFC 3264 §8).
    private mutating func describe(_ media: [MediaSection]) -> [UInt8] {
        let host = self.address.host
        if let local = self.local, local.media != media { self.version += 1 }
        let description = SessionDescription(
            lines: [
                SDPLine(SDPLine.versionType, "0"),
                SDPLine(
                    SDPLine.originType,
                    SDPOrigin(sessionID: self.sessionID, version: self.version, address: host).text
                ),
                SDPLine(UInt8(ascii: "s"), "-"),
                SDPLine(SDPLine.connectionType, SDPConnection(address: host).text),
                SDPLine(UInt8(ascii: "t"), "0 0"),
            ],
            media: media
        )
        self.local = description
        return description.bytes
    }

    private func section(_ agreed: AgreedAudio) -> MediaSection {
        let audio = agreed.audio
        var formats = [String(audio.receives)]
        var lines = [SDPLine.attribute("rtpmap", "\(audio.receives) \(audio.codec.rtpmap)")]
        // What the peer sends comes back to it: our terms for what we receive have to be its own.
        if let parameters = agreed.audioParameters {
            lines.append(.attribute("fmtp", "\(audio.receives) \(parameters)"))
        }
        if let digits = agreed.digits {
            formats.append(String(digits.receives))
            lines.append(.attribute("rtpmap", "\(digits.receives) telephone-event/\(digits.clockRate)"))
            if let parameters = agreed.digitParameters {
                lines.append(.attribute("fmtp", "\(digits.receives) \(parameters)"))
            }
        }
        if let packetTime = agreed.packetTime { lines.append(.attribute("ptime", packetTime)) }
        if agreed.multiplexesRTCP { lines.append(.attribute("rtcp-mux")) }
        lines.append(.attribute(agreed.direction.rawValue))
        return MediaSection(
            kind: "audio",
            port: self.address.port,
            transportProtocol: Substring(agreed.transportProtocol),
            formatList: Substring(formats.joined(separator: " ")),
            lines: lines
        )
    }
}
