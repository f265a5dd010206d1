extension ICECandidateLine {
    /// The candidate that `c=` and `m=` name, nil where no UDP address is among them.
    ///
    /// It is the one that most likely works: relayed before reflexive before host (RFC 8445 §5.1.4); then IPv4 before
    /// IPv6; then by priority.
    static func defaultCandidate(among candidates: [ICECandidateLine], component: UInt16) -> ICECandidateLine? {
        var best: (index: Int, rank: (Int, Int, UInt32))?
        for (index, candidate) in candidates.enumerated() where candidate.component == component {
            guard candidate.isUDP, candidate.port > 0 else { continue }
            let isIPv4 = candidate.address.isIPv4Literal
            guard isIPv4 || candidate.address.isIPv6Literal else { continue }
            let rank = (candidate.kind.likelihood, isIPv4 ? 1 : 0, candidate.priority)
            if let best, best.rank >= rank { continue }
            best = (index, rank)
        }
        return best.map { candidates[$0.index] }
    }
}

extension ICECandidateLine.Kind {
    fileprivate var likelihood: Int {
        switch self {
        case .relay: 4
        case .serverReflexive: 3
        case .peerReflexive: 2
        case .host: 1
        case .other: 0
        }
    }
}
