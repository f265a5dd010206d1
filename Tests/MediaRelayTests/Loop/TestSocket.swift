import Glibc
import MediaCore
import MediaRelay
import Testing

/// A peer's UDP socket on loopback, whose `receive` waits.
final class TestSocket {
    let socket: UDPSocket
    private let batch = ReceiveBatch()
    private let queue = SendQueue()
    private var waiting: [(bytes: [UInt8], source: MediaAddress)] = []

    var address: MediaAddress { self.socket.address }

    init(_ host: String = "127.0.0.1", port: UInt16 = 0) throws {
        let address = try #require(MediaAddress(host, port: port))
        self.socket = try UDPSocket(bound: address)
    }

    func send(_ bytes: [UInt8], to address: MediaAddress) {
        unsafe bytes.withUnsafeBytes { unsafe self.queue.append($0, to: address, from: self.socket) }
        self.queue.flush()
    }

    /// The next datagram; nil where none comes for so long.
    func receive(milliseconds: Int32 = 5000) -> (bytes: [UInt8], source: MediaAddress)? {
        if self.waiting.isEmpty {
            guard wait(for: self.socket.descriptor, milliseconds: milliseconds) else { return nil }
            for index in 0..<self.batch.receive(from: self.socket.descriptor) {
                guard let (bytes, source) = unsafe self.batch.datagram(index) else { continue }
                unsafe self.waiting.append((Array(bytes), source))
            }
        }
        return self.waiting.isEmpty ? nil : self.waiting.removeFirst()
    }

    /// The next datagram of a kind; others are stepped over.
    func receive(_ kind: DatagramKind, milliseconds: Int32 = 5000) -> (bytes: [UInt8], source: MediaAddress)? {
        while let datagram = self.receive(milliseconds: milliseconds) {
            if DatagramKind(datagram.bytes.span) == kind { return datagram }
        }
        return nil
    }

    /// The header of the next RTP packet, which is unprotected.
    func receiveRTP() -> RTPPacket? {
        self.receive(.rtp).flatMap { RTPFixture.packet($0.bytes) }
    }
}

/// Waits until something can be read.
func wait(for descriptor: Int32, milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, milliseconds) > 0
}
