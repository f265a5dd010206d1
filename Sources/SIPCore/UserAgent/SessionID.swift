/// One INVITE session of the user agent, from its first INVITE to its end, all its forks included.
package struct SessionID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}
