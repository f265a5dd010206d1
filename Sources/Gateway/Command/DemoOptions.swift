/// What `switchhook demo` is told on the command line.
package struct DemoOptions: Hashable, Sendable {
    /// Who carries the media.
    package enum Media: Hashable, Sendable {
        /// The peers themselves: a browser then hears no phone.
        case passthrough
        /// The relay of the gateway.
        case relay
    }

    /// Of the apps and the page; 0: the system picks one.
    package var clientPort: UInt16
    /// Of SIP, UDP and TCP; 0: the system picks one for each.
    package var sipPort: UInt16
    /// Of the admin interface; 0: the system picks one.
    package var adminPort: UInt16
    package var media: Media

    package init(
        clientPort: UInt16 = 8_080,
        sipPort: UInt16 = 5_060,
        adminPort: UInt16 = 9_090,
        media: Media = .relay
    ) {
        self.clientPort = clientPort
        self.sipPort = sipPort
        self.adminPort = adminPort
        self.media = media
    }
}
