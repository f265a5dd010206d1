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
        var answer = SessionDescription(lines: [], media: [])
        answer.lines.reserveCapacity(5)
        answer.lines.append(SDPLine(SDPLine.versionType, "0"))
        answer.lines.append(SDPLine(SDPLine.originType, origin.text))
        answer.lines.append(SDPLine(UInt8(ascii: "s"), "-"))
        answer.lines.append(SDPLine(UInt8(ascii: "t"), "0 0"))
        let followers = answer.mirrorBundles(of: offer)
        answer.media.reserveCapacity(offer.media.count)
        for section in offer.media {
            let codec = section.firstCodec
            let isTaken = section.isTaken
            var lines = section.answerFrame
            if isTaken {
                section.appendCodecLines(of: codec, to: &lines)
                if section.hasAttribute("rtcp-mux") { lines.append(.attribute("rtcp-mux")) }
                if !(section.mid.map { followers.contains($0) } ?? false) {
                    offer.appendTransportAnswer(to: section, fingerprint, to: &lines)
                }
            }
            answer.media.append(
                MediaSection(
                    kind: section.kind,
                    port: isTaken ? 9 : 0,
                    transportProtocol: section.transportProtocol,
                    formatList: codec,
                    lines: lines
                )
            )
        }
        return answer
    }

    /// Adds the BUNDLE groups of the offer, without the sections that are refused.
    ///
    /// - Returns: the mids that stand behind another in a group: only the first carries what belongs to the transport
    ///   (RFC 8843 §7.1.3).
    private mutating func mirrorBundles(of offer: SessionDescription) -> Set<Substring> {
        var followers: Set<Substring> = []
        guard offer.hasAttribute("group") else { return followers }
        let taken = offer.media.compactMap { $0.isTaken ? $0.mid : nil }
        for line in offer.lines {
            guard let value = line.value(ofAttribute: "group") else { continue }
            var fields = SDPFields(value)
            guard fields.next() == "BUNDLE" else { continue }
            var text = ""
            while let mid = fields.next() {
                guard taken.contains(mid) else { continue }
                if text.isEmpty { text = "BUNDLE" } else { followers.insert(mid) }
                text += " "
                text += mid
            }
            if !text.isEmpty { self.lines.append(.attribute("group", text)) }
        }
        return followers
    }

    private func appendTransportAnswer(
        to section: MediaSection,
        _ fingerprint: ThrowawayFingerprint,
        to lines: inout [SDPLine]
    ) {
        guard self.attribute("fingerprint", of: section) != nil else { return }
        lines.append(.fingerprint(fingerprint))
        lines.append(.attribute("setup", Self.setupAnswer(to: self.attribute("setup", of: section))))
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

extension SDPLine {
    /// `a=fingerprint` of a SHA-256.
    fileprivate static func fingerprint(_ fingerprint: ThrowawayFingerprint) -> SDPLine {
        let name = "fingerprint:sha-256 "
        var text = ""
        text.reserveCapacity(name.utf8.count + fingerprint.text.utf8.count)
        text += name
        text += fingerprint.text
        return SDPLine(Self.attributeType, text)
    }
}

extension MediaSection {
    /// Whether an inactive answer takes it.
    fileprivate var isTaken: Bool {
        self.kind == "audio" && (self.port != 0 || self.hasAttribute("bundle-only"))
    }

    /// The first format that is a codec by itself; where there is none, the first of all.
    fileprivate var firstCodec: Substring {
        var fields = SDPFields(self.formatList)
        var first: Substring?
        while let format = fields.next() {
            if first == nil { first = format }
            if format != "13", self.encoding(of: format)?.isHelper != true { return format }
        }
        return first ?? self.formatList
    }

    /// Appends `a=rtpmap` and `a=fmtp` of that format, as they came.
    fileprivate func appendCodecLines(of format: Substring, to lines: inout [SDPLine]) {
        for line in self.lines {
            guard let value = line.value(ofAttribute: "rtpmap") ?? line.value(ofAttribute: "fmtp") else { continue }
            var fields = SDPFields(value)
            if fields.next() == format { lines.append(line) }
        }
    }

    /// What each section of an inactive answer holds, taken or refused; with room for the rest.
    fileprivate var answerFrame: [SDPLine] {
        var lines: [SDPLine] = []
        lines.reserveCapacity(8)
        lines.append(SDPLine(SDPLine.connectionType, "IN IP4 0.0.0.0"))
        lines.append(.attribute(SDPDirection.inactive.rawValue))
        if let mid = self.mid { lines.append(.attribute("mid", String(mid))) }
        return lines
    }
}

extension Substring {
    /// Whether it is the encoding of something that only accompanies a codec.
    fileprivate var isHelper: Bool {
        self.begins(withAnyCase: "telephone-event/") || self.begins(withAnyCase: "cn/")
            || self.begins(withAnyCase: "red/") || self.begins(withAnyCase: "rtx/")
            || self.begins(withAnyCase: "ulpfec/")
    }

    /// As `begins`; `prefix` is in lower case, and ASCII letters count without regard to case.
    private func begins(withAnyCase prefix: StaticString) -> Bool {
        let bytes = self.utf8.span
        guard bytes.count >= prefix.utf8CodeUnitCount else { return false }
        return prefix.withUTF8Buffer { prefix in
            for index in prefix.indices where bytes[index].asciiLowercased != prefix[index] { return false }
            return true
        }
    }
}
