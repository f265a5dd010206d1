/// Makes growth of the counts that rtpengine gives of a leg.
package struct EngineTraffic {
    /// Datagrams since the last count, RTCP included.
    package struct Growth: Hashable, Sendable {
        /// From the peer.
        package var received: UInt64 = 0
        /// To the peer.
        package var sent: UInt64 = 0

        package init(received: UInt64 = 0, sent: UInt64 = 0) {
            self.received = received
            self.sent = sent
        }
    }

    private var received: Int64 = 0
    private var sent: Int64 = 0

    /// A count that has become less was begun anew, and is taken up from there.
    mutating func growth(_ report: EngineReport) -> Growth {
        Growth(
            received: Self.growth(&self.received, report.packets),
            sent: Self.growth(&self.sent, report.packetsOut)
        )
    }

    private static func growth(_ before: inout Int64, _ count: Int64?) -> UInt64 {
        guard let count else { return 0 }
        defer { before = count }
        return UInt64(clamping: count &- before)
    }
}
