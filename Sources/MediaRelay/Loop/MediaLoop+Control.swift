import MediaCore
import SIPCore

/// RTCP, which ends at each leg.
extension MediaLoop {
    func receivedProtectedControl(
        _ bytes: UnsafeMutableRawBufferPointer,
        from source: MediaAddress,
        on leg: RelayLeg,
        now: Instant
    ) {
        guard let srtp = leg.srtp, let count = unsafe try? srtp.unprotectControl(bytes, count: bytes.count) else {
            self.counters.dropped.unauthenticated &+= 1
            return
        }
        unsafe self.receivedControl(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), on: leg, now: now)
    }

    func receivedControl(_ bytes: UnsafeMutableRawBufferPointer, on leg: RelayLeg, now: Instant) {
        guard let compound = unsafe RTCPCompound(bytes.bytes, about: leg.stream.ssrc) else {
            self.counters.dropped.malformed &+= 1
            return
        }
        leg.watch?.receivedOther(now: now)
        leg.control.received(compound, now: now)
        if let source = compound.goodbye, source == leg.reception.ssrc { leg.reception.expectSwitch(now: now) }
    }

    /// Sends a report, the last one with BYE.
    func sendControl(of leg: RelayLeg, isGoodbye: Bool, now: Instant) {
        guard let address = Self.controlDestination(of: leg) else { return }
        let random = UInt16(truncatingIfNeeded: self.random.next())
        let (queue, socket) = self.controlWay(of: leg)
        let room = unsafe queue.room()
        var output = unsafe room.mutableBytes
        let written =
            isGoodbye
            ? leg.control.goodbye(on: leg.stream, and: &leg.reception, into: &output, now: now)
            : leg.control.report(on: leg.stream, and: &leg.reception, into: &output, now: now, random: random)
        guard var count = written else { return }
        if let srtp = leg.srtp {
            guard let protected = unsafe try? srtp.protectControl(room, count: count) else { return }
            count = protected
        }
        queue.append(byteCount: count, to: address, from: socket)
    }

    private func controlWay(of leg: RelayLeg) -> (queue: SendQueue, socket: UDPSocket) {
        guard case .phone(let path) = leg.path, leg.peer?.multiplexesRTCP == false else { return self.way(of: leg) }
        return (self.phoneQueue, path.controlSocket)
    }

    /// Where RTCP goes: where RTP does, or to the port that its own came from or that was described.
    private static func controlDestination(of leg: RelayLeg) -> MediaAddress? {
        guard let destination = leg.destination, let peer = leg.peer else { return nil }
        guard case .phone = leg.path, !peer.multiplexesRTCP else { return destination }
        if let source = leg.controlSource, source.isSameHost(as: destination) { return source }
        if let described = peer.rtcpAddress, described.isSameHost(as: destination) { return described }
        // Behind a NAT the described host is none that we reach; the next port is the best guess (RFC 3550 §11).
        return destination.port < .max ? destination.with(port: destination.port + 1) : destination
    }
}
