package import MediaCore
package import SIPCore

/// What we say of our audio to one peer: the content of an offer or an answer of ours, but for where we await it.
package struct AudioTerms: Hashable, Sendable {
    package var formats: [AudioDescription.Format]
    package var digits: [AudioDescription.Digits]
    package var direction: SDPDirection
    /// `actpass`, `active` or `passive`; empty where there is no DTLS.
    package var setup: String
    package var sdes: [SDESKey]
    package var multiplexesRTCP: Bool
    /// All sections of the peer's offer, where this answers one, and which of them is ours.
    package var answers: AudioDescription?

    package init(
        formats: [AudioDescription.Format],
        digits: [AudioDescription.Digits],
        direction: SDPDirection,
        setup: String,
        sdes: [SDESKey],
        multiplexesRTCP: Bool,
        answers: AudioDescription? = nil
    ) {
        self.formats = formats
        self.digits = digits
        self.direction = direction
        self.setup = setup
        self.sdes = sdes
        self.multiplexesRTCP = multiplexesRTCP
        self.answers = answers
    }

    /// What is sent.
    ///
    /// - Parameters:
    ///   - kind: what the leg is.
    ///   - endpoint: where we await the media.
    ///   - origin: the leg's `o=`, of this version.
    /// - Returns: a whole description.
    package func sdp(kind: MediaLegKind, endpoint: MediaEndpoint, origin: SessionOrigin) -> [UInt8] {
        guard let address = endpoint.addresses.first else { return [] }
        let host = "\(address.isIPv6 ? "IP6" : "IP4") \(address.host)"
        var text = "v=0\r\no=- \(origin.sessionID) \(origin.version) IN \(host)\r\ns=-\r\nc=IN \(host)\r\nt=0 0\r\n"
        let section = self.answers.map { $0.sections[$0.index] }
        let mid = self.answers == nil ? (kind == .webRTC ? "0" : nil) : section?.mid
        if let mid, self.answers?.isBundled ?? true { text += "a=group:BUNDLE \(mid)\r\n" }
        if endpoint.ice != nil { text += "a=ice-lite\r\n" }
        for (index, refused) in (self.answers?.sections ?? []).enumerated() {
            if index == self.answers?.index {
                self.writeAudio(kind, endpoint, address, mid: mid, to: &text)
            } else {
                text += "m=\(refused.kind) 0 \(refused.transportProtocol) \(refused.format)\r\n"
                if let mid = refused.mid { text += "a=mid:\(mid)\r\n" }
            }
        }
        if self.answers == nil { self.writeAudio(kind, endpoint, address, mid: mid, to: &text) }
        return Array(text.utf8)
    }

    private func writeAudio(
        _ kind: MediaLegKind,
        _ endpoint: MediaEndpoint,
        _ address: MediaAddress,
        mid: String?,
        to text: inout String
    ) {
        let offered = self.answers.map { $0.sections[$0.index].transportProtocol }
        let profile = offered ?? (kind == .webRTC ? "UDP/TLS/RTP/SAVPF" : self.sdes.isEmpty ? "RTP/AVP" : "RTP/SAVP")
        let types = self.formats.map(\.payloadType) + self.digits.map(\.payloadType)
        text += "m=audio \(address.port) \(profile)"
        for type in types { text += " \(type)" }
        text += "\r\n"
        if let mid { text += "a=mid:\(mid)\r\n" }
        for format in self.formats {
            text += "a=rtpmap:\(format.payloadType) \(format.codec.rtpmap)\r\n"
            if format.codec == .opus { text += "a=fmtp:\(format.payloadType) minptime=10;useinbandfec=1\r\n" }
        }
        for digits in self.digits {
            text += "a=rtpmap:\(digits.payloadType) telephone-event/\(digits.clockRate)\r\n"
            text += "a=fmtp:\(digits.payloadType) 0-16\r\n"
        }
        text += "a=ptime:20\r\na=\(self.direction.rawValue)\r\n"
        for key in self.sdes { text += "a=crypto:\(key.attribute)\r\n" }
        if self.multiplexesRTCP {
            text += "a=rtcp-mux\r\n"
        } else if let port = endpoint.rtcpPort {
            text += "a=rtcp:\(port)\r\n"
        }
        if let ice = endpoint.ice {
            text += "a=ice-ufrag:\(ice.ufrag)\r\na=ice-pwd:\(ice.password)\r\n"
            if let fingerprint = endpoint.fingerprint { text += "a=fingerprint:\(fingerprint.attribute)\r\n" }
            text += "a=setup:\(self.setup)\r\na=msid:switchhook audio\r\n"
            for candidate in endpoint.candidateLines { text += "a=candidate:\(candidate)\r\n" }
            text += "a=end-of-candidates\r\n"
        }
    }
}
