package import MediaCore
package import SIPCore

/// Where a leg's peer is: what its description says, or what its packets show (symmetric RTP, RFC 4961).
///
/// ### Overview
/// A phone behind a NAT tells an address that nobody can reach, so the source of its packets has to be believed; yet
/// what anybody sends to our port must neither be heard nor draw the call's sound away.
///
/// ### Function
/// Without authentication, only RTP of an agreed payload type counts.
/// - Until something came, and for 3 s after an update, the source is learnt: the described address goes before another
///   port of its host, and that before a stranger; among equals the first stays.
/// - A stranger is learnt only while the described host was silent, and gives way to it at any time: by that, who was
///   quicker than the phone loses the call's sound again.
/// - Within these 3 s an equal takes over too once the learnt one was silent for half a second: a phone that has gone to
///   another network may describe the same private address there.
/// - Later on, another port of the same host is followed when the learnt one was silent for 3 s and its stream goes on
///   there: a NAT has given it another port.
/// - After the description gave another address, packets from the old one are heard, but for half a second don't bind
///   us to it: they were on their way.
///
/// With authentication (SRTP), each packet that is newer than all before shows where the peer is.
package struct LatchingAddress: ~Copyable {
    /// What to do with a packet.
    package enum Verdict: Hashable, Sendable {
        /// It is the peer's.
        case accepted
        /// It is the peer's, and `destination` has changed.
        case moved
        /// It is a stranger's.
        case refused
    }

    /// How much a source deserves trust.
    private enum Rank: Int, Comparable {
        case stranger
        case describedHost
        case described

        static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
    }

    private struct Latched {
        var address: MediaAddress
        /// The newest packet from there, and when it came.
        var ssrc: UInt32
        var sequence: UInt16
        var heardAt: Instant
    }

    /// How long the source is learnt after an update.
    private static let learning = SIPCore.Span.seconds(3)
    /// How long a source is silent before its new port is looked for.
    private static let silence = SIPCore.Span.seconds(3)
    /// How long packets stay on their way.
    private static let flight = SIPCore.Span.milliseconds(500)
    /// How many packets may get lost while a NAT changes the port: at 50 a second, those of 10 s.
    private static let continuation = 500

    private var described: MediaAddress?
    private var latched: Latched?
    /// The one that was learnt before the description gave another address.
    private var former: MediaAddress?
    /// When that was, and when the source was last to be learnt anew.
    private var changedAt: Instant
    private var updatedAt: Instant

    /// - Parameters:
    ///   - described: the address in the peer's description; nil where it has none.
    ///   - now: the present.
    package init(described: MediaAddress?, now: Instant) {
        self.described = described
        self.changedAt = now
        self.updatedAt = now
    }

    /// Where packets go; nil where nothing shows it yet.
    package var destination: MediaAddress? {
        if let latched = self.latched { return latched.address }
        guard let described = self.described, !described.isUnspecified, described.port != 0 else { return nil }
        return described
    }

    /// A description came, be it the same one again.
    ///
    /// - Parameters:
    ///   - described: the address in it; nil or unspecified where it has none, as on hold: then the one before stays.
    ///   - isExpected: `MediaPeer.receives`. While a peer on hold is silent, nobody shall take its place: so the source
    ///     is not learnt anew.
    ///   - now: the present.
    package mutating func update(described: MediaAddress?, isExpected: Bool, now: Instant) {
        if isExpected { self.updatedAt = now }
        guard let described, !described.isUnspecified, described != self.described else { return }
        let isFirst = self.described == nil
        self.described = described
        // The first address may well come after the first packets, which are no older for that.
        guard !isFirst, let latched = self.latched, latched.address != described else { return }
        self.former = latched.address
        self.latched = nil
        self.changedAt = now
    }

    /// RTP came.
    ///
    /// - Parameters:
    ///   - packet: its header.
    ///   - source: where from.
    ///   - isAgreed: whether its payload type is one of those that both sides take.
    ///   - isAuthenticated: whether SRTP has proved that it is the peer's.
    ///   - now: when it came.
    /// - Returns: whether the packet may go on; a refused one must be seen by nobody.
    package mutating func received(
        _ packet: RTPPacket,
        from source: MediaAddress,
        isAgreed: Bool,
        isAuthenticated: Bool,
        now: Instant
    ) -> Verdict {
        if isAuthenticated { return self.receivedAuthentic(packet, from: source, now: now) }
        guard isAgreed, source.port != 0 else { return .refused }
        guard let latched = self.latched else {
            if source == self.former, now - self.changedAt < Self.flight { return .accepted }
            return self.latch(onto: source, packet, now: now)
        }
        if latched.address == source {
            self.heard(packet, now: now)
            return .accepted
        }
        return self.isPreferred(packet, from: source, to: latched, now: now)
            ? self.latch(onto: source, packet, now: now) : .refused
    }

    /// Whether RTCP from this source may be the peer's: it comes from its host.
    ///
    /// It shows no address by itself.
    package func admitsControl(from source: MediaAddress) -> Bool {
        guard let address = self.latched?.address ?? self.described else { return false }
        return address.isSameHost(as: source)
    }

    private mutating func receivedAuthentic(_ packet: RTPPacket, from source: MediaAddress, now: Instant) -> Verdict {
        guard let latched = self.latched else { return self.latch(onto: source, packet, now: now) }
        if latched.address == source {
            self.heard(packet, now: now)
            return .accepted
        }
        // A packet that was overtaken on its way, or held back by somebody, shows where the peer was.
        let isNewer = latched.ssrc != packet.ssrc || packet.sequence.distance(after: latched.sequence) > 0
        return isNewer ? self.latch(onto: source, packet, now: now) : .accepted
    }

    private func isPreferred(
        _ packet: RTPPacket,
        from source: MediaAddress,
        to latched: Latched,
        now: Instant
    ) -> Bool {
        let rank = self.rank(of: source)
        let present = self.rank(of: latched.address)
        let silence = now - latched.heardAt
        if rank > present, present == .stranger { return true }
        if now - self.updatedAt < Self.learning, rank > present || rank == present && silence >= Self.flight {
            return true
        }
        return silence >= Self.silence && source.isSameHost(as: latched.address)
            && packet.ssrc == latched.ssrc
            && 1...Self.continuation ~= packet.sequence.distance(after: latched.sequence)
    }

    private func rank(of source: MediaAddress) -> Rank {
        guard let described = self.described, described.isSameHost(as: source) else { return .stranger }
        return described.port == source.port ? .described : .describedHost
    }

    private mutating func latch(onto source: MediaAddress, _ packet: RTPPacket, now: Instant) -> Verdict {
        let before = self.destination
        self.latched = Latched(address: source, ssrc: packet.ssrc, sequence: packet.sequence, heardAt: now)
        self.former = nil
        return before == source ? .accepted : .moved
    }

    private mutating func heard(_ packet: RTPPacket, now: Instant) {
        guard var latched = self.latched else { return }
        if latched.ssrc != packet.ssrc || packet.sequence.distance(after: latched.sequence) > 0 {
            latched.ssrc = packet.ssrc
            latched.sequence = packet.sequence
        }
        latched.heardAt = now
        self.latched = latched
    }
}
