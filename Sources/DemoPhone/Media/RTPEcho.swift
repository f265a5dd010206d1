internal import MediaCore
package import SIPCore

/// Makes of what a peer sends what goes back to it: a stream of our own, in which losses and gaps stay what they were.
package struct RTPEcho: Sendable {
    /// How many packets of a second go back.
    ///
    /// Ten times what a telephone sends: two echoes that were told each other's
    /// address would else keep a packet going as fast as the machine can.
    package static let packetsPerSecond = 500

    private let source: UInt32
    /// What the next packet of a new source becomes.
    private var next: (sequence: UInt16, timestamp: UInt32)
    /// The source that is heard now, and what its numbers differ from ours by.
    private var heard: (source: UInt32, sequence: UInt16, timestamp: UInt32)?
    private var window: (start: Instant, packets: Int)?

    package init(_ origin: RTPOrigin) {
        self.source = origin.source
        self.next = (origin.sequence, origin.timestamp)
    }

    /// The packet that goes back; nil where the call has no such payload type, or too many come.
    package mutating func echo(_ packet: RTPPacket, _ agreed: AgreedAudio, now: Instant) -> RTPPacket? {
        guard let payloadType = agreed.sends(inPlaceOf: packet.payloadType), self.hasRoom(now) else { return nil }
        let offset = self.offset(of: packet)
        var echo = packet
        echo.source = self.source
        echo.payloadType = payloadType
        echo.sequence = packet.sequence &+ offset.sequence
        echo.timestamp = packet.timestamp &+ offset.timestamp
        // A late packet doesn't set the stream back.
        if Int16(bitPattern: echo.sequence &- self.next.sequence) >= 0 {
            let packetLength = agreed.audio.codec.clockRate / 50
            self.next = (echo.sequence &+ 1, echo.timestamp &+ packetLength)
        }
        return echo
    }

    /// A new source goes on where the last one ended, as the receiver of one stream expects it.
    private mutating func offset(of packet: RTPPacket) -> (source: UInt32, sequence: UInt16, timestamp: UInt32) {
        if let heard = self.heard, heard.source == packet.source { return heard }
        let offset = (
            source: packet.source,
            sequence: self.next.sequence &- packet.sequence,
            timestamp: self.next.timestamp &- packet.timestamp
        )
        self.heard = offset
        return offset
    }

    private mutating func hasRoom(_ now: Instant) -> Bool {
        guard let window = self.window, now - window.start < .seconds(1) else {
            self.window = (now, 1)
            return true
        }
        guard window.packets < Self.packetsPerSecond else { return false }
        self.window = (window.start, window.packets + 1)
        return true
    }
}

extension AgreedAudio {
    /// The payload type that a packet with this one goes back with; nil where the call has no such.
    func sends(inPlaceOf payloadType: UInt8) -> UInt8? {
        if payloadType == self.audio.receives { return self.audio.sends }
        if let digits = self.digits, payloadType == digits.receives { return digits.sends }
        return nil
    }
}
