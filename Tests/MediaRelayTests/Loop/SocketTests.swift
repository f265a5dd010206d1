import MediaCore
import MediaRelay
import Testing

@Suite("Sockets") struct SocketTests {
    @Test("A batch of datagrams comes over whole, with its source, for both families", arguments: ["127.0.0.1", "::1"])
    func batch(host: String) throws {
        let (left, right) = (try TestSocket(host), try TestSocket(host))
        let queue = SendQueue()
        for index in 0..<UInt8(100) {
            let bytes = [UInt8](repeating: index, count: Int(index) + 1)
            unsafe bytes.withUnsafeBytes { unsafe queue.append($0, to: right.address, from: left.socket) }
        }
        queue.flush()
        #expect(queue.counters == SendQueue.Counters(sent: 100, sentBytes: 5050))
        for index in 0..<UInt8(100) {
            let datagram = try #require(right.receive())
            #expect(datagram.bytes == [UInt8](repeating: index, count: Int(index) + 1))
            #expect(datagram.source == left.address)
        }
    }

    @Test("A dual-stack socket shows IPv4 as IPv4, and sends to it") func dualStack() throws {
        let (dual, plain) = (try TestSocket("::"), try TestSocket())
        plain.send([1, 2, 3], to: MediaAddress(ipv4: 0x7F00_0001, port: dual.address.port))
        #expect(dual.receive()?.source == plain.address)
        dual.send([4], to: plain.address)
        #expect(plain.receive()?.bytes == [4])
    }

    @Test("What the system refuses is counted, and the rest is sent") func refused() throws {
        let (left, right) = (try TestSocket(), try TestSocket())
        let queue = SendQueue()
        for address in [right.address, MediaAddress(ipv4: 0x7F00_0001, port: 0), right.address] {
            unsafe [UInt8](repeating: 7, count: 5).withUnsafeBytes {
                unsafe queue.append($0, to: address, from: left.socket)
            }
        }
        let unreachable = MediaAddress(ipv6: 0, 1, port: 9)
        unsafe [UInt8](repeating: 7, count: 5).withUnsafeBytes {
            unsafe queue.append($0, to: unreachable, from: left.socket)
        }
        queue.flush()
        #expect(queue.counters == SendQueue.Counters(sent: 2, sentBytes: 10, refused: 2))
        #expect(right.receive()?.bytes.count == 5)
        #expect(right.receive()?.bytes.count == 5)
    }

    @Test("A bound port is refused to a second socket with the system's reason") func conflict() throws {
        let first = try UDPSocket(bound: MediaAddress(ipv4: 0x7F00_0001, port: 0))
        #expect(throws: SocketError.self) { try UDPSocket(bound: first.address) }
    }
}
