internal import Logging
internal import NIOCore
internal import SIPCore
internal import SIPWire

/// Takes the datagrams of one UDP listener, and sends by its socket.
final class DatagramListener: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let edge: Edge
    private let index: UInt16
    /// nil once it is closed: its number may be another socket's by then.
    private var socket: DatagramSocket?
    private var batch: [SIPInbound] = []
    /// The source of the last datagram, as NIO has it and as text: a trunk sends many in a row.
    private var lastSource: (socket: SocketAddress, text: SIPAddress)?

    init(edge: Edge, index: UInt16, socket: DatagramSocket) {
        self.edge = edge
        self.index = index
        self.socket = socket
    }

    // MARK: - In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        guard let first = envelope.data.readableBytesView.first, let source = self.text(of: envelope.remoteAddress)
        else { return }
        // A STUN keepalive (RFC 5626 §3.5.2), told by its first byte (RFC 7983 §7).
        guard first > 3 else {
            if let response = STUNKeepalive.response(to: envelope.data.readableBytesView, from: source) {
                _ = self.send(response, to: envelope.remoteAddress)
            }
            return
        }
        switch self.edge.parser.parse(envelope.data.readableBytesUInt8Span) {
        case .message(let message):
            self.batch.append(.message(message, SIPFlow(transport: .udp, remote: source, listener: self.index)))
        case .rejected(let fault, let response):
            self.rejected(fault, response?.addressed(to: source), from: envelope.remoteAddress)
        case .keepalive: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard !self.batch.isEmpty else { return }
        var batch = self.batch
        self.batch = []
        self.edge.deliver(batch)
        // Its room serves the next read, unless that came in the middle.
        guard self.batch.isEmpty else { return }
        batch.removeAll(keepingCapacity: true)
        self.batch = batch
    }

    /// Tells the peer where there is something to tell.
    private func rejected(_ fault: SIPWireFault, _ response: SIPResponse?, from source: SocketAddress) {
        let context = self.edge.context
        context.counters.malformed.increment()
        context.logger.debug(
            "malformed SIP message",
            metadata: ["remote": "\(source)", "fault": "\(fault.reason)"]
        )
        guard let response else { return }
        self.edge.scratch.removeAll(keepingCapacity: true)
        SIPWriter.write(response, into: &self.edge.scratch)
        _ = self.send(self.edge.scratch, to: source)
    }

    private func text(of source: SocketAddress) -> SIPAddress? {
        if let last = self.lastSource, last.socket == source { return last.text }
        guard let text = SIPAddress(source) else { return nil }
        self.lastSource = (source, text)
        return text
    }

    // MARK: - Out

    /// Sends one datagram; returns false where the system refuses it.
    func send(_ bytes: [UInt8], to address: SocketAddress) -> Bool {
        guard let socket = self.socket else { return false }
        let error = socket.send(bytes, to: address)
        guard error != 0 else { return true }
        self.edge.context.logger.debug(
            "SIP datagram refused by the system",
            metadata: ["remote": "\(address)", "errno": "\(error)"]
        )
        return false
    }

    // MARK: - Lifecycle

    func channelInactive(context: ChannelHandlerContext) {
        self.socket = nil
        self.edge.datagrams[Int(self.index)] = nil
    }

    /// An error of the socket that did not close it: a datagram to a dead port, for one.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.edge.context.logger.debug("SIP socket error", metadata: ["error": "\(error)"])
    }
}
