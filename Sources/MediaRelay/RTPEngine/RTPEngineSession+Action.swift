package import MediaCore

extension RTPEngineSession {
    /// What the driver must now do.
    package struct Action: Hashable, Sendable {
        package var send: NGMessage?
        package var events: [MediaEvent] = []
        /// Where the inner side awaits packets, for the joined leg.
        package var inner: MediaAddress?
        /// Packets since the last that was told.
        package var traffic = EngineTraffic.Growth()
        /// Nobody answers: nothing is laid out, and the leg may be opened at another instance.
        package var isUnreachable = false
        /// Nothing will come from here any more.
        package var isOver = false

        package init(
            send: NGMessage? = nil,
            events: [MediaEvent] = [],
            inner: MediaAddress? = nil,
            traffic: EngineTraffic.Growth = EngineTraffic.Growth(),
            isUnreachable: Bool = false,
            isOver: Bool = false
        ) {
            self.send = send
            self.events = events
            self.inner = inner
            self.traffic = traffic
            self.isUnreachable = isUnreachable
            self.isOver = isOver
        }
    }
}
