extension SessionDescription {
    /// The answer of RFC 3725 flow III that keeps a peer's offer without taking any media: the real answer follows in a
    /// re-INVITE, once the other party is known.
    ///
    /// Audio is taken with its first codec, `inactive`, `0.0.0.0` and port 9; all else is refused with port 0. Mids, the
    /// protocol, rtcp-mux and the BUNDLE group are those of the offer. The fingerprint and the DTLS role
    /// answer those of the offer, and are not there for plain RTP. There are no ICE credentials: to a peer that has seen
    /// some, the real ones that follow are an ICE restart, and Asterisk 22 then goes on with its old ones and refuses every
    /// check.
    ///
    /// - Parameters:
    ///   - offer: the peer's offer.
    ///   - fingerprint: what stands for a certificate.
    ///   - origin: ours, of the first version.
    /// - Returns: the answer to send in the ACK.
    package static func inactiveAnswer(
        to offer: SessionDescription,
        fingerprint: ThrowawayFingerprint,
        origin: SDPOrigin
    ) -> SessionDescription {
        let accepted = offer.media.map { section in
            section.kind == "audio" && (section.port != 0 || section.hasAttribute("bundle-only"))
        }
        let acceptedMids = zip(offer.media, accepted).compactMap { $1 ? $0.mid : nil }
        let bundles = offer.bundles.map { $0.filter { acceptedMids.contains($0) } }.filter { !$0.isEmpty }
        var answer = SessionDescription(
            lines: [
                SDPLine(SDPLine.versionType, "0"), SDPLine(SDPLine.originType, origin.text),
                SDPLine(UInt8(ascii: "s"), "-"), SDPLine(UInt8(ascii: "t"), "0 0"),
            ],
            media: []
        )
        for mids in bundles {
            answer.lines.append(.attribute("group", "BUNDLE " + mids.joined(separator: " ")))
        }
        // Only the first of a group carries what belongs to the transport (RFC 8843 §7.1.3).
        let followers = Set(bundles.flatMap { $0.dropFirst() })
        for (section, isAccepted) in zip(offer.media, accepted) {
            var lines = section.answerFrame
            if isAccepted {
                lines += section.codecLines(of: section.firstCodec)
                if section.hasAttribute("rtcp-mux") { lines.append(.attribute("rtcp-mux")) }
                if !(section.mid.map { followers.contains($0) } ?? false) {
                    lines += offer.transportAnswer(to: section, fingerprint: fingerprint)
                }
            }
            answer.media.append(
                MediaSection(
                    kind: section.kind,
                    port: isAccepted ? 9 : 0,
                    transportProtocol: section.transportProtocol,
                    formatList: section.firstCodec,
                    lines: lines
                )
            )
        }
        return answer
    }

    private func transportAnswer(to section: MediaSection, fingerprint: ThrowawayFingerprint) -> [SDPLine] {
        var lines: [SDPLine] = []
        if self.attribute("fingerprint", of: section) != nil {
            lines.append(.attribute("fingerprint", "sha-256 \(fingerprint.text)"))
            lines.append(.attribute("setup", Self.setupAnswer(to: self.attribute("setup", of: section))))
        }
        return lines
    }

    /// The role that answers an offered one (RFC 4145 §4.1, RFC 8842 §5.3); an offer without one means `active`.
    private static func setupAnswer(to offered: Substring?) -> String {
        switch offered {
        case "actpass", "passive": "active"
        case "holdconn": "holdconn"
        default: "passive"
        }
    }
}

extension MediaSection {
    /// The first format that is a codec by itself; where there is none, the first of all.
    fileprivate var firstCodec: Substring {
        let formats = self.formats
        let helpers = ["telephone-event/", "CN/", "red/", "rtx/", "ulpfec/"]
        let codec = formats.first { format in
            let encoding = self.encoding(of: format) ?? ""
            return format != "13" && !helpers.contains { encoding.lowercased().hasPrefix($0.lowercased()) }
        }
        return codec ?? formats.first ?? self.formatList
    }

    /// `a=rtpmap` and `a=fmtp` of that format, as they came.
    fileprivate func codecLines(of format: Substring) -> [SDPLine] {
        self.lines.filter { line in
            guard let value = line.value(ofAttribute: "rtpmap") ?? line.value(ofAttribute: "fmtp") else { return false }
            var fields = SDPFields(value)
            return fields.next() == format
        }
    }

    /// What each section of an inactive answer holds, taken or refused.
    fileprivate var answerFrame: [SDPLine] {
        var lines = [
            SDPLine(SDPLine.connectionType, "IN IP4 0.0.0.0"), SDPLine.attribute(SDPDirection.inactive.rawValue),
        ]
        if let mid = self.mid { lines.append(.attribute("mid", String(mid))) }
        return lines
    }
}
