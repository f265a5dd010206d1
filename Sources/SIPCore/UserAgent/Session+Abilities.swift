extension Session {
    /// Takes over what the peer tells of itself in a message of the dialog; without Allow nothing changes.
    func note(_ headers: SIPHeaders) {
        if let allows = headers.allows(.update) { self.allowsUpdate = allows }
        if let allows = headers.allows(.refer) { self.allowsRefer = allows }
    }
}
