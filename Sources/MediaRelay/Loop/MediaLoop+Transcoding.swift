import MediaCore
import SIPCore

/// Where two legs share no codec, what one sends is turned into what the other takes.
extension MediaLoop {
    /// Takes a packet of sound whose codec the partner's peer does not take.
    ///
    /// - Returns: whether its sound can be heard there; false: it has to be dropped.
    func transcode(
        _ packet: RTPPacket,
        _ codec: AudioCodec,
        in bytes: UnsafeMutableRawBufferPointer,
        to partner: RelayLeg,
        now: Instant
    ) -> Bool {
        guard self.configuration.transcodes, codec.isTranscoded, let format = partner.transcodedFormat else {
            return false
        }
        if partner.transcoder == nil { partner.transcoder = Transcoder(to: format.codec) }
        guard let transcoder = partner.transcoder else { return false }
        let wasSilent = transcoder.deadline == nil
        guard transcoder.received(packet, codec, unsafe bytes.bytes.extracting(packet.payload), now: now) else {
            return false
        }
        if wasSilent {
            partner.stream.beginFrames(clockRate: format.codec.clockRate, now: now)
            self.schedule(partner)
        }
        return true
    }

    /// Sends the frames that are due to the leg's peer.
    func sendTranscoded(of leg: RelayLeg, now: Instant) {
        guard leg.sends, let transcoder = leg.transcoder, let format = leg.transcodedFormat else { return }
        while let deadline = transcoder.deadline, deadline <= now {
            unsafe self.send(on: leg) { room in
                var output = unsafe room.mutableBytes
                guard let frame = transcoder.next(into: &output, at: RTPHeader.length, now: now) else { return nil }
                // The peer hears the digit; sound beside it would be taken for its end.
                guard !leg.digitSender.isSending,
                    let header = leg.stream.insertFrame(
                        payloadType: format.sends,
                        payloadBytes: frame.payloadBytes,
                        due: frame.due
                    )
                else { return nil }
                guard header.write(into: &output) != nil else { return nil }
                self.counters.transcoded &+= 1
                return RTPHeader.length + frame.payloadBytes
            }
        }
    }
}
