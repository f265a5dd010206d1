import MediaCore
import SIPCore

/// What comes in on one leg goes out on its partner.
extension MediaLoop {
    /// A datagram came to one of a phone's ports.
    func receivedFromPhone(
        _ bytes: UnsafeMutableRawBufferPointer,
        from source: MediaAddress,
        on leg: RelayLeg,
        isControlPort: Bool,
        now: Instant
    ) {
        guard !leg.hasFailed else { return }
        switch DatagramKind(unsafe Swift.Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(bytes))) {
        case .rtp where !isControlPort:
            guard leg.isProtected else {
                guard let packet = unsafe RTPPacket(bytes.bytes) else {
                    self.counters.dropped.malformed &+= 1
                    return
                }
                unsafe self.received(packet, in: bytes, from: source, on: leg, isAuthenticated: false, now: now)
                return
            }
            // Whose packets are tested without end is he at whose place the peer is known to be.
            guard source == leg.destination || leg.strangers.takes(now: now) else {
                self.counters.dropped.strangers &+= 1
                return
            }
            unsafe self.receivedProtected(bytes, from: source, on: leg, now: now)
        case .rtcp:
            guard leg.latching.admitsControl(from: source) else {
                self.counters.dropped.strangers &+= 1
                return
            }
            if isControlPort { leg.controlSource = source }
            if leg.isProtected {
                unsafe self.receivedProtectedControl(bytes, from: source, on: leg, now: now)
            } else {
                unsafe self.receivedControl(bytes, on: leg, now: now)
            }
        case .rtp, .stun, .dtls, .other:
            self.counters.dropped.malformed &+= 1
        }
    }

    /// SRTP came from where the peer is, or may be.
    func receivedProtected(
        _ bytes: UnsafeMutableRawBufferPointer,
        from source: MediaAddress,
        on leg: RelayLeg,
        now: Instant
    ) {
        guard let srtp = leg.srtp, let count = unsafe try? srtp.unprotect(bytes, count: bytes.count) else {
            self.counters.dropped.unauthenticated &+= 1
            return
        }
        let clear = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
        guard let packet = unsafe RTPPacket(clear.bytes) else {
            self.counters.dropped.malformed &+= 1
            return
        }
        unsafe self.received(packet, in: clear, from: source, on: leg, isAuthenticated: true, now: now)
    }

    private func received(
        _ packet: RTPPacket,
        in bytes: UnsafeMutableRawBufferPointer,
        from source: MediaAddress,
        on leg: RelayLeg,
        isAuthenticated: Bool,
        now: Instant
    ) {
        let isAgreed = leg.formats.isAgreed(packet.payloadType)
        if case .phone = leg.path {
            switch leg.latching.received(
                packet,
                from: source,
                isAgreed: isAgreed,
                isAuthenticated: isAuthenticated,
                now: now
            ) {
            case .accepted:
                break
            case .moved:
                leg.destination = leg.latching.destination
                self.schedule(leg)
            case .refused:
                self.counters.dropped.strangers &+= 1
                return
            }
        }
        guard isAgreed else {
            self.counters.dropped.unmapped &+= 1
            return
        }
        let codec = leg.formats.codec(packet.payloadType)
        switch leg.reception.received(packet, clockRate: codec?.clockRate, now: now) {
        case .accepted, .switched:
            break
        case .refused:
            self.counters.dropped.strangers &+= 1
            return
        }
        if let event = leg.watch?.received(now: now) {
            self.events.append(event)
            self.schedule(leg)
        }
        if let rate = leg.formats.digitClockRate(packet.payloadType) {
            unsafe self.receivedDigit(packet, in: bytes, on: leg, clockRate: rate, now: now)
        } else if let codec {
            unsafe self.relay(packet, codec, in: bytes, from: leg, now: now)
        } else {
            leg.partner?.stream.absorb(packet)
        }
    }

    private func relay(
        _ packet: RTPPacket,
        _ codec: AudioCodec,
        in bytes: UnsafeMutableRawBufferPointer,
        from leg: RelayLeg,
        now: Instant
    ) {
        guard let partner = leg.partner else {
            self.counters.dropped.unjoined &+= 1
            return
        }
        guard partner.sends else {
            if partner.reachesPeer {
                self.counters.dropped.held &+= 1
            } else {
                self.counters.dropped.unconnected &+= 1
            }
            return
        }
        guard let payloadType = leg.formats[packet.payloadType] else {
            partner.stream.absorb(packet)
            if unsafe self.transcode(packet, codec, in: bytes, to: partner, now: now) { return }
            self.counters.dropped.unmapped &+= 1
            return
        }
        if partner.transcoder?.deadline != nil { partner.transcoder?.stop() }
        // The peer hears the digit; sound beside it would be taken for its end.
        guard !partner.digitSender.isSending else {
            partner.stream.absorb(packet)
            return
        }
        guard
            let header = partner.stream.forward(packet, as: payloadType, clockRate: codec.clockRate, now: now)
        else { return }
        unsafe self.send(on: partner) { room in
            var output = unsafe room.mutableBytes
            return packet.copy(header, from: unsafe bytes.bytes, into: &output)
        }
    }

    // MARK: Digits

    private func receivedDigit(
        _ packet: RTPPacket,
        in bytes: UnsafeMutableRawBufferPointer,
        on leg: RelayLeg,
        clockRate: UInt32,
        now: Instant
    ) {
        leg.partner?.stream.absorb(packet)
        guard let event = unsafe TelephoneEvent(bytes.bytes, at: packet.payload) else {
            self.counters.dropped.malformed &+= 1
            return
        }
        let news =
            if let partner = leg.partner {
                leg.digits.received(event, in: packet, clockRate: clockRate, to: &partner.digitSender, now: now)
            } else {
                leg.digits.received(event, in: packet, clockRate: clockRate, to: &self.nobody, now: now)
            }
        self.tell(news, of: leg)
        self.schedule(leg)
        if let partner = leg.partner { self.schedule(partner) }
    }

    func tell(_ news: DigitNews, of leg: RelayLeg) {
        for digit in [news.missed, news.ended] {
            if let digit { self.events.append(.digit(leg.id, digit.character, duration: digit.duration)) }
        }
    }

    func sendDigits(of leg: RelayLeg, now: Instant) {
        guard leg.sends, let deadline = leg.digitSender.deadline, deadline <= now,
            let packet = leg.digitSender.next(&leg.stream, now: now)
        else { return }
        unsafe self.send(on: leg) { room in
            var output = unsafe room.mutableBytes
            return packet.write(into: &output)
        }
    }

    // MARK: Sending

    /// Sends one RTP packet to the leg's peer.
    ///
    /// - Parameters:
    ///   - leg: one that `sends`.
    ///   - write: writes it and gives its length; nil: there is none.
    func send(on leg: RelayLeg, _ write: (UnsafeMutableRawBufferPointer) -> Int?) {
        guard let address = leg.destination else { return }
        let (queue, socket) = self.way(of: leg)
        let room = unsafe queue.room()
        guard var count = unsafe write(room) else { return }
        if let srtp = leg.srtp {
            guard let protected = unsafe try? srtp.protect(room, count: count) else {
                self.counters.dropped.refused &+= 1
                return
            }
            count = protected
        }
        queue.append(byteCount: count, to: address, from: socket)
    }

    func way(of leg: RelayLeg) -> (queue: SendQueue, socket: UDPSocket) {
        switch leg.path {
        case .app(let path): (self.appQueue, path.socket)
        case .phone(let path): (self.phoneQueue, path.socket)
        }
    }
}
