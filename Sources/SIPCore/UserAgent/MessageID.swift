/// One text of the user agent, ours or a peer's, from its MESSAGE to its final response.
package struct MessageID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}
