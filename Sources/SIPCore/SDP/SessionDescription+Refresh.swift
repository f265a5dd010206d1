/// Descriptions that are sent once more, to refresh a session (RFC 4028 §7.4).
extension SessionDescription {
    /// Whether `new` says what `old` said: its `o=` line is the same (RFC 3264 §8), and so are the addresses, formats and
    /// directions of its media, which some peers change without raising the version.
    static func isRepeated(_ old: [UInt8], by new: [UInt8]) -> Bool {
        guard let old = try? SessionDescription(old), let new = try? SessionDescription(new) else { return false }
        return new.isSameOrigin(as: old) && new.hasSameMedia(as: old)
    }

    /// Whether both have the same media, whatever their `o=` lines say: some peers raise the version without a change.
    static func isSameMedia(_ old: [UInt8], _ new: [UInt8]) -> Bool {
        guard let old = try? SessionDescription(old), let new = try? SessionDescription(new) else { return false }
        return new.hasSameMedia(as: old)
    }

    private func hasSameMedia(as other: SessionDescription) -> Bool {
        guard self.media.count == other.media.count else { return false }
        return zip(other.media, self.media).allSatisfy { first, second in
            first.kind == second.kind && first.port == second.port
                && first.transportProtocol == second.transportProtocol && first.formatList == second.formatList
                && other.connection(of: first) == self.connection(of: second)
                && other.direction(of: first) == self.direction(of: second)
        }
    }

    /// Our description, which was an offer, as the answer to an offer that repeats the peer's answer to it.
    ///
    /// Formats that the peer did not take go, and so do directions that it has no part in. The `o=` line stays: it
    /// describes the session that there is.
    ///
    /// - Returns: nil where it can't be said what to answer.
    static func answer(_ local: [UInt8], to offer: [UInt8]) -> [UInt8]? {
        guard var answer = try? SessionDescription(local), let offer = try? SessionDescription(offer),
            answer.media.count == offer.media.count
        else { return nil }
        for index in answer.media.indices {
            let offered = offer.media[index]
            var section = answer.media[index]
            guard section.kind == offered.kind, section.transportProtocol == offered.transportProtocol else {
                return nil
            }
            if offered.port == 0 || section.port == 0 {
                section.port = 0
                answer.media[index] = section
                continue
            }
            let direction = offer.direction(of: offered).answered(by: answer.direction(of: section))
            let taken = offered.formats
            let formats = section.formats.filter { taken.contains($0) }
            guard !formats.isEmpty else { return nil }
            section.keepFormats(formats)
            if direction != answer.direction(of: section) { section.statedDirection = direction }
            if let setup = answer.attribute("setup", of: section) {
                guard let role = Self.setup(setup, toward: offer.attribute("setup", of: offered)) else { return nil }
                if role != setup { section.setAttribute("setup", to: role) }
            }
            answer.media[index] = section
        }
        return answer.bytes
    }

    /// Who opens the DTLS association in an answer (RFC 5763 §5): as it was.
    private static func setup(_ ours: Substring, toward theirs: Substring?) -> String? {
        switch theirs {
        case "active": "passive"
        case "passive": "active"
        case nil: nil
        // It names no role anew: only where our offer named one it is known.
        case _?: ours == "actpass" ? nil : String(ours)
        }
    }
}

extension MediaSection {
    /// Takes the other formats away, and what describes them.
    fileprivate mutating func keepFormats(_ formats: [Substring]) {
        let dropped = self.formats.filter { !formats.contains($0) }
        guard !dropped.isEmpty else { return }
        self.formatList = Substring(formats.joined(separator: " "))
        self.lines.removeAll { line in
            for name in ["rtpmap", "fmtp", "rtcp-fb"] {
                guard let value = line.value(ofAttribute: name) else { continue }
                var fields = SDPFields(value)
                return fields.next().map { dropped.contains($0) } ?? false
            }
            return false
        }
    }
}
