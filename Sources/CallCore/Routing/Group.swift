package import ClientProtocol
package import SIPCore

/// Several that one number reaches.
package struct Group: Hashable, Sendable {
    package enum Order: Hashable, Sendable {
        case all
        case inTurn
    }

    package var name: String
    /// What reaches it.
    package var numbers: [String]
    /// Users, phones that register here, and dial strings.
    package var members: [PartyID]
    package var ring: Order
    /// How long all of them ring, or each in its turn.
    package var ringTime: Span

    package init(name: String, numbers: [String], members: [PartyID], ring: Order, ringTime: Span) {
        self.name = name
        self.numbers = numbers
        self.members = members
        self.ring = ring
        self.ringTime = ringTime
    }
}
