import MediaCore
import MediaRelay
import Testing

/// A phone with its two sockets, and the description that it gave.
final class TestPhone {
    let id: MediaLegID
    let endpoint: MediaEndpoint
    let socket: TestSocket
    let controlSocket: TestSocket
    var peer: MediaPeer

    init(id: MediaLegID, endpoint: MediaEndpoint, formats: [AudioFormat], digits: [DigitFormat]) throws {
        self.id = id
        self.endpoint = endpoint
        self.socket = try TestSocket()
        self.controlSocket = try TestSocket()
        self.peer = MediaPeer(
            address: self.socket.address,
            rtcpAddress: self.controlSocket.address,
            multiplexesRTCP: false,
            protection: .none,
            formats: formats,
            digits: digits
        )
    }

    /// Where the gateway awaits RTP.
    var target: MediaAddress {
        get throws { try #require(self.endpoint.addresses.first) }
    }

    /// Sends 20 ms of sound.
    func speak(_ sequence: UInt16, payloadType: UInt8 = 0, ssrc: UInt32 = 0xA, from other: TestSocket? = nil) throws {
        (other ?? self.socket).send(Sound.packet(sequence, payloadType: payloadType, ssrc: ssrc), to: try self.target)
    }
}

/// Packets of sound.
enum Sound {
    static func packet(_ sequence: UInt16, payloadType: UInt8 = 0, ssrc: UInt32 = 0xA, clock: UInt32 = 160) -> [UInt8] {
        var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: 172)
        let header = RTPHeader(
            payloadType: payloadType,
            marker: false,
            sequence: sequence,
            timestamp: UInt32(sequence) * clock,
            ssrc: ssrc
        )
        _ = RTPFixture.edit(&bytes) { header.write(into: &$0) }
        return bytes
    }
}
