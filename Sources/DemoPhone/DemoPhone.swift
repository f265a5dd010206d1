package import Logging
package import NIOCore
package import SIPCore
internal import SIPTransport

/// A SIP phone on loopback that answers the numbers of `DemoNumber`, so that a newcomer hears something without having one.
///
/// ## Overview
/// It is a peer like any other: a UDP socket for SIP, one for the RTP of each call. Whoever calls it needs to know its
/// address and nothing else.
///
/// ## Function
/// - 600 and 601 answer at once, with an offer of their own where the INVITE has none; 602 and 603 never do; every other
///   number is not found.
/// - re-INVITEs (hold, another address, another format) are answered, BYE and CANCEL end a call with its socket.
/// - Everything is bounded: calls, how long they ring and talk, what is read of a packet, what goes back a second.
///
/// ## Implementation
/// One event loop runs it all. `SIPUserAgent` has the rules of SIP, `CallNegotiation` those of offer and answer, `RTPEcho` and
/// `RTPTone` make packets; `PhoneTable` drives them.
package final class DemoPhone: Sendable {
    /// What the phone is told at its start.
    package struct Configuration: Sendable {
        /// An IP address of this machine, IPv6 without brackets, for SIP and for RTP.
        package var host = "127.0.0.1"
        /// Of the SIP socket; 0: the system picks one, `address` tells which.
        package var port: UInt16 = 0
        /// More at a time are refused with 503.
        package var calls = 64
        /// How long 603 rings; then it is 480.
        package var ringTime = Span.seconds(180)
        /// How long a call may last before the phone hangs up.
        package var callTime = Span.seconds(3_600)
        package var timers = SIPTimers()

        package init() {}
    }

    /// Where it takes SIP over UDP.
    package let address: SIPAddress
    private let transport: SIPTransport
    private let table: NIOLoopBoundBox<PhoneTable?>

    private init(address: SIPAddress, transport: SIPTransport, table: NIOLoopBoundBox<PhoneTable?>) {
        self.address = address
        self.transport = transport
        self.table = table
    }

    /// Binds its SIP socket and takes calls.
    ///
    /// - Parameters:
    ///   - configuration: Where it listens, and its limits.
    ///   - eventLoop: Runs the whole phone; must outlive it.
    ///   - logger: For faults of sockets.
    /// - Returns: The phone, ready.
    /// - Throws: `SIPTransportError` where the socket can't be bound; else what a loop throws that is shut down.
    package static func start(
        _ configuration: Configuration = Configuration(),
        on eventLoop: any EventLoop,
        logger: Logger
    ) async throws -> DemoPhone {
        let table = NIOLoopBoundBox.makeEmptyBox(valueType: PhoneTable.self, eventLoop: eventLoop)
        let transport = SIPTransport(
            configuration: SIPTransport.Configuration(
                listeners: [.init(transport: .udp, host: configuration.host, port: configuration.port)]
            ),
            group: eventLoop,
            logger: logger
        ) {
            // The transport has no loop but ours. What comes before there is a table is lost, as any datagram may be.
            table.value?.receive($0)
        }
        let listeners = try await transport.start()
        let address = listeners.first?.address ?? SIPAddress(host: configuration.host, port: configuration.port)
        try await eventLoop.submit {
            table.value = PhoneTable(
                configuration,
                listeners: listeners,
                eventLoop: eventLoop,
                transport: transport
            )
        }.get()
        return DemoPhone(address: address, transport: transport, table: table)
    }

    /// How many calls ring or talk.
    package func callCount() async throws -> Int {
        try await self.table.eventLoop.submit { [table] in table.value?.count ?? 0 }.get()
    }

    /// Hangs up, and closes every socket.
    package func shutdown() async {
        // It fails only where the loop is gone, and the phone with it.
        try? await self.table.eventLoop.submit { [table] in
            table.value?.close()
            table.value = nil
        }.get()
        await self.transport.shutdown()
    }
}
