package import SIPCore

/// A SIP peer that calls go to and come from: a PBX, a carrier.
package struct Trunk: Sendable {
    package var name: String
    /// What a request to it is addressed to; the user part is the called number's.
    package var uri: SIPURI
    /// Where requests for it go: it itself, or the first of `route`.
    package var target: SIPTarget
    /// Proxies on the way to it, the nearest first (RFC 3261 §8.1.2).
    package var route: [NameAddress]
    package var credentials: DigestCredentials?
    /// Source addresses whose requests need no digest.
    package var acceptFrom: [AddressPrefix]
    /// The user part of From toward it, in place of the app's own.
    package var fromUser: String?
    /// Whether what it says of who calls is believed, and what a caller withholds is told to it (RFC 3325).
    package var isTrusted: Bool
    /// No response at all within this time: `route_down`.
    package var tryTimeout: Span
    /// The session timer of calls with it.
    package var sessionTimer: InviteOrder.SessionTimer
    /// Whether provisional responses go and come reliably.
    package var reliability: InviteOrder.Reliability
    /// How media of calls with it is anchored; nil: it passes through.
    package var relay: RelayPolicy?

    package init(
        name: String,
        uri: SIPURI,
        target: SIPTarget,
        route: [NameAddress] = [],
        credentials: DigestCredentials? = nil,
        acceptFrom: [AddressPrefix] = [],
        fromUser: String? = nil,
        isTrusted: Bool = false,
        tryTimeout: Span = .seconds(3),
        sessionTimer: InviteOrder.SessionTimer = .usual,
        reliability: InviteOrder.Reliability = .usual,
        relay: RelayPolicy? = nil
    ) {
        self.name = name
        self.uri = uri
        self.target = target
        self.route = route
        self.credentials = credentials
        self.acceptFrom = acceptFrom
        self.fromUser = fromUser
        self.isTrusted = isTrusted
        self.tryTimeout = tryTimeout
        self.sessionTimer = sessionTimer
        self.reliability = reliability
        self.relay = relay
    }
    /// Whether a URI names the trunk itself: by its host or one of its addresses, and by no other port than its own.
    func isAt(_ uri: SIPURI) -> Bool {
        switch uri.scheme {
        case .sip, .sips: break
        case .tel, .other: return false
        }
        guard uri.port.map({ $0 == self.target.port }) ?? true else { return false }
        return uri.host.equalsIgnoringCase(self.uri.host) || self.acceptFrom.contains { $0.contains(uri.host) }
    }
}
