/// How long bindings last, and how much a phone can make a registrar keep.
package struct RegistrarLimits: Hashable, Sendable {
    /// A shorter time, unless zero, gets 423 (RFC 3261 §10.3); 60 s by default, an hour at most.
    package var minimumExpires: UInt32
    /// A longer time is cut; 3600 s by default.
    package var maximumExpires: UInt32
    /// Where the REGISTER names no time; 3600 s by default, and not more than `maximumExpires`.
    package var defaultExpires: UInt32
    /// Bindings of one phone; a new one takes the place of the one that would expire first.
    ///
    /// 10 by default.
    package var contacts: Int
    /// Bytes of one Contact, of all the Path, and of the instance and Call-ID; 512 by default.
    package var bytes: Int
    /// Proxies in the Path of a binding; 8 by default.
    package var path: Int

    package init(
        minimumExpires: UInt32 = 60,
        maximumExpires: UInt32 = 3_600,
        defaultExpires: UInt32 = 3_600,
        contacts: Int = 10,
        bytes: Int = 512,
        path: Int = 8
    ) {
        self.minimumExpires = min(minimumExpires, 3_600)
        self.maximumExpires = max(maximumExpires, self.minimumExpires, 1)
        self.defaultExpires = min(max(defaultExpires, self.minimumExpires), self.maximumExpires)
        self.contacts = max(1, contacts)
        self.bytes = bytes
        self.path = path
    }
}
