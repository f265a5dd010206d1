/// A question to a server whether it is alive, by OPTIONS (RFC 3261 §11).
package struct ProbeOrder: Hashable, Sendable {
    /// The server's own, without a user.
    package var uri: SIPURI
    package var target: SIPTarget
    /// Proxies on the way to it, the nearest first; `target` is the first of them.
    package var route: [NameAddress]
    /// Without a tag.
    package var from: NameAddress
    /// No response within this time: the next address, or it is dead.
    package var tryTimeout: Span

    package init(
        uri: SIPURI,
        target: SIPTarget,
        route: [NameAddress] = [],
        from: NameAddress,
        tryTimeout: Span
    ) {
        self.uri = uri
        self.target = target
        self.route = route
        self.from = from
        self.tryTimeout = tryTimeout
    }
}

/// One probe of the user agent; it ends with `UserAgentAction.probed`.
package struct ProbeID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}
