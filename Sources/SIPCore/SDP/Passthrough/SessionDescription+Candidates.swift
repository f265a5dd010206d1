extension SessionDescription {
    /// This description with the candidates collected since it was made, for a peer that takes no trickle (half trickle,
    /// RFC 8838 §16).
    ///
    /// - Each candidate goes to the section its mid names, else its index, else the first, unless that has it already or
    ///   has `Limits.candidates`, or the candidate is of another ICE generation (`ufrag`).
    /// - Candidates on `.local` names are left out, those already there too: no phone resolves them.
    /// - `a=ice-options` no longer says `trickle`: nothing more can follow.
    /// - `c=`, the port of `m=` and `a=rtcp` name the default candidate; in a BUNDLE group a section without candidates
    ///   takes that of the group's first. A browser's `0.0.0.0` and port 9 would be hold to a phone. Sections with port
    ///   0 keep it, and so does everything where there is no UDP candidate.
    ///
    /// - Parameters:
    ///   - candidates: in the order they came.
    ///   - endOfCandidates: whether these are all; adds `a=end-of-candidates` (RFC 8840 §8.2).
    /// - Returns: the description to send.
    package func withCandidates(_ candidates: [ICECandidateLine], endOfCandidates: Bool) -> SessionDescription {
        var result = self
        result.removeTrickleOption()
        for index in result.media.indices {
            // Room for all that may be added: candidates, their end, `c=`.
            let room = result.media[index].lines.count + candidates.count + 2
            result.media[index].lines.reserveCapacity(room)
            result.media[index].removeTrickleOption()
            result.media[index].lines.removeAll { line in
                line.candidate?.isMulticastDNS ?? false
            }
        }
        var known = result.media.map(\.candidates)
        for candidate in candidates where !candidate.isMulticastDNS {
            guard let index = result.sectionIndex(for: candidate) else { continue }
            let ufrag = result.attribute("ice-ufrag", of: result.media[index])
            if let ufrag, let its = candidate.ufrag, its != ufrag { continue }
            guard known[index].count < Limits.candidates,
                !known[index].contains(where: { $0.isSamePath(as: candidate) })
            else { continue }
            known[index].append(candidate)
            result.media[index].addCandidate(candidate)
        }
        if endOfCandidates, !result.hasAttribute("end-of-candidates") {
            for index in result.media.indices where result.media[index].hasAttribute("candidate") {
                if result.media[index].hasAttribute("end-of-candidates") { continue }
                result.media[index].lines.append(.attribute("end-of-candidates"))
            }
        }
        result.setDefaultTransports(among: known)
        return result
    }

    private func sectionIndex(for candidate: ICECandidateLine) -> Int? {
        if let mid = candidate.mid, !mid.isEmpty, let index = self.media.firstIndex(where: { $0.mid == mid[...] }) {
            return index
        }
        if let index = candidate.mLineIndex, Int(index) < self.media.count { return Int(index) }
        return self.media.isEmpty ? nil : 0
    }

    /// - Parameter own: the candidates of each section.
    private mutating func setDefaultTransports(among own: [[ICECandidateLine]]) {
        // Read only where it is needed.
        var bundles: [[Substring]]?
        for index in self.media.indices where self.media[index].port != 0 {
            var candidates = own[index]
            if candidates.isEmpty, let mid = self.media[index].mid {
                let groups = bundles ?? self.bundles
                bundles = groups
                if let bundle = groups.first(where: { $0.contains(mid) }),
                    let tagged = self.media.firstIndex(where: { $0.mid == bundle.first })
                {
                    candidates = own[tagged]
                }
            }
            self.media[index].setDefaultTransport(among: candidates)
        }
    }
}

extension MediaSection {
    /// The candidates of this section that can be read, in order.
    package var candidates: [ICECandidateLine] { self.lines.compactMap(\.candidate) }

    fileprivate mutating func addCandidate(_ candidate: ICECandidateLine) {
        let last = self.lines.lastIndex { $0.isAttribute("candidate") }
        let end = self.lines.firstIndex { $0.isAttribute("end-of-candidates") } ?? self.lines.endIndex
        self.lines.insert(.attribute("candidate", String(candidate.raw)), at: last.map { $0 + 1 } ?? end)
    }

    fileprivate mutating func setDefaultTransport(among candidates: [ICECandidateLine]) {
        guard let candidate = ICECandidateLine.defaultCandidate(among: candidates, component: 1) else { return }
        self.port = candidate.port
        self.connection = SDPConnection(address: candidate.address)
        guard self.hasAttribute("rtcp") else { return }
        // With rtcp-mux, or without a candidate of its own, RTCP goes where RTP goes.
        let second = ICECandidateLine.defaultCandidate(among: candidates, component: 2)
        let control = self.hasAttribute("rtcp-mux") ? candidate : second ?? candidate
        self.setAttribute("rtcp", to: "\(control.port) \(SDPConnection(address: control.address).text)")
    }
}

extension SDPLine {
    /// The candidate; nil where the line is none, or malformed.
    fileprivate var candidate: ICECandidateLine? {
        self.value(ofAttribute: "candidate").flatMap { ICECandidateLine(reading: $0) }
    }
}

extension SDPLines {
    /// Takes `trickle` out of `a=ice-options`, and the line away where nothing is left.
    fileprivate mutating func removeTrickleOption() {
        for index in self.lines.indices.reversed() {
            guard let value = self.lines[index].value(ofAttribute: "ice-options") else { continue }
            let all = value.split(separator: " ")
            let kept = all.filter { $0 != "trickle" }
            if kept.isEmpty {
                self.lines.remove(at: index)
            } else if kept.count < all.count {
                self.lines[index] = .attribute("ice-options", kept.joined(separator: " "))
            }
        }
    }
}
