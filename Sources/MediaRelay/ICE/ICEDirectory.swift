package import MediaCore

/// Tells whose a datagram is on a UDP port that many legs share.
///
/// Checks are told apart by our user name fragment in USERNAME, everything else by its source. A source becomes a leg's
/// only by a request with the right MESSAGE-INTEGRITY, so nobody can take another's packets by sending from somewhere;
/// where two legs prove the same address, as when a browser uses a port again, the later one has it.
///
/// A leg has at most `ICELiteAgent.maximumRemotes` addresses, since its agent gives one up for each that is too many.
///
/// - Note: `Leg` is what the socket loop finds its legs by; to look it up must be cheap.
package struct ICEDirectory<Leg: Hashable>: ~Copyable {
    /// What has to go when a leg is closed.
    private struct Holding {
        var ufrags: [ICEUfragKey] = []
        var addresses: [MediaAddress] = []
    }

    private var legsByUfrag: [ICEUfragKey: Leg] = [:]
    private var legsByAddress: [MediaAddress: Leg] = [:]
    private var holdings: [Leg: Holding] = [:]

    package init() {}

    /// How many legs are registered.
    package var count: Int { self.holdings.count }
    /// How many addresses are bound.
    package var addressCount: Int { self.legsByAddress.count }

    /// Makes checks that name these credentials of ours the leg's, at its start and at each restart.
    ///
    /// - Returns: False where the user name fragment is taken: draw other ones.
    package mutating func register(_ ours: ICECredentials, for leg: Leg) -> Bool {
        let ufrag = ICEUfragKey(ours: ours)
        guard self.legsByUfrag[ufrag] == nil else { return false }
        self.legsByUfrag[ufrag] = leg
        self.holdings[leg, default: Holding()].ufrags.append(ufrag)
        return true
    }

    /// Forgets everything of a leg.
    package mutating func close(_ leg: Leg) {
        guard let holding = self.holdings.removeValue(forKey: leg) else { return }
        for ufrag in holding.ufrags { self.legsByUfrag[ufrag] = nil }
        for address in holding.addresses { self.legsByAddress[address] = nil }
    }

    /// The leg that a Binding request, read from these bytes, is for; nil: drop it without an answer.
    package func leg(for message: STUNMessage, in bytes: Swift.Span<UInt8>) -> Leg? {
        message.receiverUfrag(in: bytes).flatMap { self.legsByUfrag[$0] }
    }

    /// The leg that DTLS, RTP and RTCP from there are for; nil: drop it.
    package func leg(at source: MediaAddress) -> Leg? { self.legsByAddress[source] }

    /// Does what an agent's action says of addresses and credentials.
    ///
    /// - Parameters:
    ///   - action: Of the leg's agent.
    ///   - leg: A leg that is registered; of another one nothing is done.
    /// - Returns: The leg that has lost the address to this one; nil: none. It is told for the log: the other leg is
    ///   left as it is, and takes the address back with its next check.
    @discardableResult
    package mutating func apply(_ action: ICELiteAgent.Action, of leg: Leg) -> Leg? {
        if let address = action.unbinds, self.legsByAddress[address] == leg {
            self.legsByAddress[address] = nil
            self.holdings[leg]?.addresses.removeAll { $0 == address }
        }
        if let ufrag = action.retires, self.legsByUfrag[ufrag] == leg {
            self.legsByUfrag[ufrag] = nil
            self.holdings[leg]?.ufrags.removeAll { $0 == ufrag }
        }
        guard let address = action.binds else { return nil }
        let owner = self.legsByAddress[address]
        guard owner != leg, self.holdings[leg] != nil else { return nil }
        if let owner {
            self.holdings[owner]?.addresses.removeAll { $0 == address }
        }
        self.legsByAddress[address] = leg
        self.holdings[leg]?.addresses.append(address)
        return owner
    }
}
