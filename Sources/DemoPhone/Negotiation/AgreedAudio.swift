package import MediaCore
package import SIPCore

/// What both sides of a call have agreed on for its one audio stream.
package struct AgreedAudio: Hashable, Sendable {
    /// The place of its `m=` line.
    package var index: Int
    /// `RTP/AVP` or `RTP/AVPF`.
    package var transportProtocol: String
    /// Where the peer awaits RTP.
    package var remote: MediaAddress
    /// Ours, as our description states it.
    package var direction: SDPDirection
    package var audio: AudioFormat
    /// The format's `a=fmtp`, as the peer has it.
    package var audioParameters: String?
    /// Telephone-event; nil: the peer has none.
    package var digits: DigitFormat?
    package var digitParameters: String?
    /// Whether RTCP shares the port of RTP (RFC 5761).
    package var multiplexesRTCP: Bool
    /// The packet length that the peer asks for, in ms, as it wrote it.
    package var packetTime: String?
}

extension AgreedAudio {
    /// Finds the stream of a description that the phone can take part in; nil where there is none, which is what 488 is for.
    ///
    /// - Parameters:
    ///   - description: The peer's offer, or its answer to ours.
    ///   - choice: Which format is wanted.
    ///   - isIPv6: The family of our own address: a socket reaches no other.
    package init?(_ description: SessionDescription, _ choice: AudioChoice, isIPv6: Bool) {
        for (index, section) in description.media.enumerated() where section.kind == "audio" && section.port != 0 {
            guard ["RTP/AVP", "RTP/AVPF"].contains(section.transportProtocol),
                let connection = description.connection(of: section),
                let remote = MediaAddress(connection.address, port: section.port), remote.isIPv6 == isIPv6,
                let (codec, format) = Self.format(of: section, choice),
                let payloadType = Self.payloadType(format)
            else { continue }
            self.index = index
            self.transportProtocol = String(section.transportProtocol)
            self.remote = remote
            let offered = description.direction(of: section)
            // An address of zeros is how old phones put a call on hold (RFC 3264 §8.4).
            let heard = SDPDirection(sends: offered.sends, receives: offered.receives && !remote.isUnspecified)
            self.direction = heard.answered(by: .sendrecv)
            self.audio = AudioFormat(codec, sends: payloadType, receives: payloadType)
            self.audioParameters = section.formatParameters(of: format).map { String($0) }
            self.multiplexesRTCP = section.hasAttribute("rtcp-mux")
            self.packetTime = section.attribute("ptime").flatMap { Self.packetTime($0) }
            self.findDigits(in: section)
            return
        }
        return nil
    }

    /// The telephone-event of the audio's clock rate (RFC 4733 §2.1), else the first there is: many a peer has but one.
    private mutating func findDigits(in section: MediaSection) {
        let prefix = "telephone-event/"
        for format in section.formats {
            guard let payloadType = Self.payloadType(format), payloadType != self.audio.sends,
                let encoding = section.encoding(of: format)?.lowercased(), encoding.hasPrefix(prefix),
                let rate = UInt32(encoding.dropFirst(prefix.count)), rate > 0
            else { continue }
            let isRight = rate == self.audio.codec.clockRate
            guard isRight || self.digits == nil else { continue }
            self.digits = DigitFormat(sends: payloadType, receives: payloadType, clockRate: rate)
            self.digitParameters = section.formatParameters(of: format).map { String($0) }
            if isRight { return }
        }
    }

    private static func format(of section: MediaSection, _ choice: AudioChoice) -> (AudioCodec, Substring)? {
        var best: (rank: Int, codec: AudioCodec, format: Substring)?
        for (position, format) in section.formats.enumerated() {
            guard let codec = Self.codec(of: format, in: section), let rank = choice.rank(of: codec, at: position)
            else { continue }
            if let best, best.rank <= rank { continue }
            best = (rank, codec, format)
        }
        return best.map { ($0.codec, $0.format) }
    }

    /// What a format's `a=rtpmap` names, or its well-known number where it has none (RFC 3551 §6).
    private static func codec(of format: Substring, in section: MediaSection) -> AudioCodec? {
        guard let encoding = section.encoding(of: format)?.lowercased() else {
            guard let payloadType = Self.payloadType(format) else { return nil }
            return AudioCodec.allCases.first { $0.staticPayloadType == payloadType }
        }
        return AudioCodec.allCases.first {
            let name = $0.rtpmap.lowercased()
            // One channel may be written out.
            return encoding == name || encoding == name + "/1"
        }
    }

    private static func payloadType(_ format: Substring) -> UInt8? {
        UInt8(format).flatMap { $0 <= 127 ? $0 : nil }
    }

    /// A whole number of milliseconds of no more than three digits; else it is not repeated.
    private static func packetTime(_ text: Substring) -> String? {
        (1...3).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? String(text) : nil
    }
}
