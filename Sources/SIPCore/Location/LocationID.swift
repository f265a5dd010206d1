/// One question of the user agent for the addresses of a target that is named; `SIPUserAgent.located` answers it.
package struct LocationID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}
