package import SIPCore

/// A target that is named, whose addresses the user agent has asked for; `SIPInbound.located` tells them.
package struct LocationRequest: Hashable, Sendable {
    package var id: LocationID
    package var target: SIPTarget

    package init(id: LocationID, target: SIPTarget) {
        self.id = id
        self.target = target
    }
}
