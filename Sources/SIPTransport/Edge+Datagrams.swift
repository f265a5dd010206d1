internal import Logging
internal import NIOCore
internal import NIOPosix
internal import SIPCore

extension Edge {
    /// Datagrams that one read takes from the system.
    private static let datagramsPerRead = 16

    /// Room for the longest UDP payload there is: nothing is ever cut short.
    private static let datagramRoom = 65_536

    /// Opens a UDP socket and takes what comes to it.
    func bindDatagrams(at address: SocketAddress, index: UInt16) -> EventLoopFuture<any Channel> {
        let socket: DatagramSocket
        do {
            socket = try DatagramSocket(boundTo: address)
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
        let edge = NIOLoopBound(self, eventLoop: self.eventLoop)
        return DatagramBootstrap(group: self.eventLoop)
            .channelOption(.datagramVectorReadMessageCount, value: Self.datagramsPerRead)
            // One read takes all of these; to ask again for what is not there costs a system call each time.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: Self.datagramsPerRead * Self.datagramRoom)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let edge = edge.value
                    let listener = DatagramListener(edge: edge, index: index, socket: socket)
                    try channel.pipeline.syncOperations.addHandler(listener)
                    edge.datagrams[Int(index)] = listener
                }
            }
            .withBoundSocket(socket.descriptor)
            .map { channel in
                edge.value.opened(channel)
                return channel
            }
    }
}
