package import MediaCore

extension ICELiteAgent {
    /// What the owner of an agent must now do.
    ///
    /// `ICEDirectory.apply` does what `binds`, `unbinds` and `retires` say.
    package struct Action: Hashable, Sendable {
        /// Send what the answer buffer holds to the source of the request.
        package var answers = false
        /// Packets from there are this leg's: the sender has just proved that it knows our password.
        ///
        /// It is told with every valid request, so that an address that another leg had taken comes back.
        package var binds: MediaAddress?
        /// Packets from there are no longer this leg's: it gave way to a new one.
        package var unbinds: MediaAddress?
        /// These credentials of ours are dead.
        package var retires: ICEUfragKey?
        /// Send media there from now on; nil: as before.
        package var selects: MediaAddress?
        /// The peer has fallen silent: send nothing until an address is selected again.
        package var isLost = false

        package init(
            answers: Bool = false,
            binds: MediaAddress? = nil,
            unbinds: MediaAddress? = nil,
            retires: ICEUfragKey? = nil,
            selects: MediaAddress? = nil,
            isLost: Bool = false
        ) {
            self.answers = answers
            self.binds = binds
            self.unbinds = unbinds
            self.retires = retires
            self.selects = selects
            self.isLost = isLost
        }
    }
}
