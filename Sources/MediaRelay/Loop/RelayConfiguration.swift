package import MediaCore
package import SIPCore

/// How the relay is laid out.
package struct RelayConfiguration: Hashable, Sendable {
    /// Where sockets are bound, with no meaning in the ports; never empty.
    ///
    /// Phones' legs use the first, apps' legs all. Apps find one socket on each interface where it is `0.0.0.0` (with
    /// `::`: of IPv6 too), so that an answer leaves from the address that the question came to.
    package var addresses: [MediaAddress]
    /// What peers are told before the bound addresses, the default first, with no meaning in the ports.
    package var advertised: [MediaAddress] = []
    /// The one port of all apps' legs; 0: one that is free.
    package var webRTCPort: UInt16 = 16_383
    /// The ports of phones' legs, RTP and RTCP; below the system's ephemeral ones, which begin at 32,768.
    package var ports: ClosedRange<UInt16> = 16_384...32_767
    /// For how long a phone's port rests between two calls.
    package var quarantine = Span.seconds(5)
    /// After how long without sound a peer is silent (`MediaEvent.heard`).
    package var silence = Span.seconds(3)
    /// After how long without a packet a peer is gone (`MediaEvent.lost`).
    package var timeout = Span.seconds(60)

    /// Whether sound in a codec that the joined leg's peer does not take is turned into one that it does.
    package var transcodes = false

    package init(addresses: [MediaAddress]) {
        self.addresses = addresses
    }
}
