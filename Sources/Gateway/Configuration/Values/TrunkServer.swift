/// One of a trunk's `uris`.
package struct TrunkServer: Hashable, Sendable {
    package var uri: TrunkURI
    /// The lowest is tried first; by default the place in the list.
    package var priority: UInt16
    /// Its part of the calls among those of one priority (RFC 2782).
    package var weight: UInt16

    package init(uri: TrunkURI, priority: UInt16 = 0, weight: UInt16 = 0) {
        self.uri = uri
        self.priority = priority
        self.weight = weight
    }
}
