internal import MediaCore
internal import NIOCore
internal import SIPCore

/// The RTP socket of one call, and what is played on it.
///
/// Not `Sendable`: it lives on the phone's event loop.
final class RTPSocket: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    /// What is sent.
    enum Sound {
        case echo(RTPEcho)
        case tone(RTPTone)
    }

    private static let packetTime = TimeAmount.milliseconds(20)
    /// A loop that was held up for longer leaves out the packets of that time.
    private static let longestDelay = TimeAmount.milliseconds(200)

    /// Where we await RTP.
    let address: MediaAddress
    private let channel: any Channel
    private var failed: (() -> Void)?
    private var sound: Sound
    private var agreed: AgreedAudio?
    /// Where RTP goes; nil while the peer hears nothing of us.
    private var remote: SocketAddress?
    private var tick: Scheduled<Void>?

    /// - Parameters:
    ///   - channel: Bound, on the loop that we are on.
    ///   - address: The one that it is bound to.
    ///   - sound: What is sent.
    ///   - failed: Called once, where the socket goes without our `close`.
    init(_ channel: any Channel, at address: MediaAddress, sound: Sound, failed: @escaping () -> Void) {
        self.channel = channel
        self.address = address
        self.sound = sound
        self.failed = failed
    }

    /// Goes by what has been agreed on from now on.
    func agree(on agreed: AgreedAudio) {
        self.agreed = agreed
        self.remote =
            agreed.direction.sends
            ? try? SocketAddress(ipAddress: agreed.remote.host, port: Int(agreed.remote.port)) : nil
        if case .tone = self.sound, self.tick == nil { self.scheduleTick(at: .now()) }
    }

    func close() {
        self.failed = nil
        self.tick?.cancel()
        self.channel.close(promise: nil)
    }

    // MARK: Echo

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        guard case .echo(var echo) = self.sound, let agreed = self.agreed, let remote = self.remote,
            agreed.direction.receives, agreed.remote.isHost(of: envelope.remoteAddress),
            let packet = RTPPacket(envelope.data)
        else { return }
        let now = Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
        let answer = echo.echo(packet, agreed, now: now)
        self.sound = .echo(echo)
        guard let answer else { return }
        let datagram = answer.datagram(context.channel.allocator)
        context.write(self.wrapOutboundOut(AddressedEnvelope(remoteAddress: remote, data: datagram)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.tick?.cancel()
        let failed = self.failed
        self.failed = nil
        failed?()
    }

    /// A datagram that could not be sent or read is lost, as any may be; an error of the socket closes it besides.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    // MARK: Tone

    private func scheduleTick(at deadline: NIODeadline) {
        self.tick = self.channel.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.ticked(at: deadline)
        }
    }

    private func ticked(at deadline: NIODeadline) {
        guard case .tone(var tone) = self.sound, let agreed = self.agreed, self.channel.isActive else { return }
        if let remote = self.remote {
            if let packet = tone.next(agreed.audio) {
                let envelope = AddressedEnvelope(
                    remoteAddress: remote,
                    data: packet.datagram(self.channel.allocator)
                )
                self.channel.writeAndFlush(envelope, promise: nil)
            }
        } else {
            tone.skip()
        }
        self.sound = .tone(tone)
        // From the time that was meant, not from now: a receiver's buffer would run dry by what each tick is late.
        let now = NIODeadline.now()
        let isLate = now - deadline > Self.longestDelay
        self.scheduleTick(at: (isLate ? now : deadline) + Self.packetTime)
    }
}

extension MediaAddress {
    /// Whether a socket address is of this host, whatever its port.
    fileprivate func isHost(of address: SocketAddress) -> Bool {
        guard let host = address.ipAddress, let other = MediaAddress(host, port: self.port) else { return false }
        return self.isSameHost(as: other)
    }
}
