/// A session description (RFC 8866): lines of the session level, and media sections.
///
/// Every line stays where it was, known or not, so that what was only read is written as it came, to the byte; only the
/// line ends become CRLF, and the spaces of `m=` single ones.
package struct SessionDescription: Hashable, Sendable, SDPLines {
    /// What a peer can make us hold; beyond it a text is refused with `SDPError.Code.tooLarge`.
    package enum Limits {
        package static let bytes = 65_536
        package static let media = 32
        /// Lines of one level, attributes mostly.
        package static let lines = 512
        /// Candidates of one section; those beyond it are not added.
        package static let candidates = 128
    }

    /// The lines before the first `m=`.
    package var lines: [SDPLine]
    package var media: [MediaSection]

    package init(lines: [SDPLine], media: [MediaSection]) {
        self.lines = lines
        self.media = media
    }

    /// The `o=` line.
    ///
    /// Nil only where somebody took it away; setting nil removes it.
    package var origin: SDPOrigin? {
        get {
            self.lines.first { $0.type == SDPLine.originType }.flatMap { SDPOrigin($0.value) }
        }
        set {
            let index = self.lines.firstIndex { $0.type == SDPLine.originType }
            switch (index, newValue) {
            case (let index?, let origin?):
                self.lines[index].value = origin.text[...]
            case (let index?, nil):
                self.lines.remove(at: index)
            case (nil, let origin?):
                self.lines.insert(SDPLine(SDPLine.originType, origin.text), at: min(1, self.lines.count))
            case (nil, nil):
                break
            }
        }
    }

    /// Where that section's media goes: its own `c=`, else the session's.
    package func connection(of section: MediaSection) -> SDPConnection? {
        section.connection ?? self.connection
    }

    /// That section's direction: its own, else the session's, else `sendrecv` (RFC 8866 §6.7).
    package func direction(of section: MediaSection) -> SDPDirection {
        section.statedDirection ?? self.statedDirection ?? .sendrecv
    }

    /// The value of an attribute that a section may take over from the session, as `ice-ufrag`, `fingerprint`, `setup`.
    package func attribute(_ name: String, of section: MediaSection) -> Substring? {
        section.attribute(name) ?? self.attribute(name)
    }

    /// Every ICE user name fragment of the description, each once, in order.
    package var iceUfrags: [String] {
        var fragments: [String] = []
        func add(from lines: [SDPLine]) {
            for line in lines {
                guard let value = line.value(ofAttribute: "ice-ufrag"), !value.isEmpty else { continue }
                let fragment = String(value)
                if !fragments.contains(fragment) { fragments.append(fragment) }
            }
        }
        add(from: self.lines)
        for section in self.media { add(from: section.lines) }
        return fragments
    }

    /// The mids of each BUNDLE group, in order (RFC 8843).
    package var bundles: [[Substring]] {
        self.attributes("group").compactMap { value in
            var fields = SDPFields(value)
            guard fields.next() == "BUNDLE" else { return nil }
            var mids: [Substring] = []
            while let mid = fields.next() { mids.append(mid) }
            return mids
        }
    }

    /// Appends the description as it goes out.
    package func write(into output: inout [UInt8]) {
        self.writeLines(into: &output)
        for section in self.media { section.write(into: &output) }
    }

    /// The description as it goes out.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(self.media.reduce(self.linesSizeBound) { $0 + $1.writtenSizeBound })
        self.write(into: &output)
        return output
    }
}
