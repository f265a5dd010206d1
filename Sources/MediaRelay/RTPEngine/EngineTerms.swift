import MediaCore
import SIPCore

/// The session descriptions that rtpengine is given and gives, in our own terms.
enum EngineTerms {
    /// Payload types of the inner side of a leg whose peer is unknown.
    private static let innerFormats: [(type: UInt8, encoding: String)] =
        AudioCodec.allCases.map { ($0.staticPayloadType ?? 111, $0.rtpmap) }
        + [(101, "telephone-event/8000"), (110, "telephone-event/48000")]

    /// Where nobody is: the port of discard at rtpengine's own host, as the unspecified address would come back to us in
    /// place of its own.
    private static let nowhere = MediaAddress(ipv4: 0x7F00_0001, port: 9)

    /// What our inner side says: where the inner side of the joined leg awaits packets, in plain RTP.
    static func inner(joinedTo address: MediaAddress?, like pattern: MediaPeer?) -> String {
        Self.description(
            address ?? Self.nowhere,
            transport: "RTP/AVP",
            formats: Self.innerFormats(like: pattern),
            attributes: [address == nil ? "inactive" : "sendrecv"]
        )
    }

    /// The payload types of `pattern`, and those of `innerFormats` for what it has not.
    private static func innerFormats(like pattern: MediaPeer?) -> [(type: UInt8, encoding: String)] {
        guard let pattern else { return Self.innerFormats }
        let stated = Self.formats(of: pattern)
        return Self.innerFormats.compactMap { format in
            if let same = stated.first(where: { $0.encoding == format.encoding }) { return same }
            return stated.contains { $0.type == format.type } ? nil : format
        }
    }

    private static func formats(of peer: MediaPeer) -> [(type: UInt8, encoding: String)] {
        peer.formats.map { ($0.sends, $0.codec.rtpmap) }
            + peer.digits.map { ($0.sends, "telephone-event/\($0.clockRate)") }
    }

    /// Whether the peer writes other payload types than it wants to get; rtpengine understands it only where the inner side
    /// has those that it wants.
    static func isLopsided(_ peer: MediaPeer) -> Bool { !Self.formats(from: peer).isEmpty }

    /// The payload types that the peer writes, where they are not those that its description gives.
    ///
    /// A peer may answer with other types than it was offered, and still writes those that it was offered (RFC 3264 §6.1);
    /// rtpengine takes from a side only what that side's description gives.
    private static func formats(from peer: MediaPeer) -> [(type: UInt8, encoding: String)] {
        let stated = Set(peer.formats.map(\.sends) + peer.digits.map(\.sends))
        let written =
            peer.formats.map { (type: $0.receives, encoding: $0.codec.rtpmap) }
            + peer.digits.map { (type: $0.receives, encoding: "telephone-event/\($0.clockRate)") }
        return written.filter { !stated.contains($0.type) }
    }

    /// What the peer says in answer to our side; `ufrag` stands in place of the peer's own.
    static func outer(_ peer: MediaPeer, to offered: MediaEndpoint?, ufrag: String? = nil) -> String {
        var attributes = [Self.direction(of: peer)]
        if peer.multiplexesRTCP { attributes.append("rtcp-mux") }
        if !peer.multiplexesRTCP, let control = peer.rtcpAddress {
            attributes.append("rtcp:\(control.port) IN \(control.isIPv6 ? "IP6" : "IP4") \(control.host)")
        }
        if let milliseconds = peer.packetMilliseconds { attributes.append("ptime:\(milliseconds)") }
        if let ice = peer.ice {
            attributes.append("ice-ufrag:\(ufrag ?? ice.ufrag)")
            attributes.append("ice-pwd:\(ice.password)")
        }
        switch peer.protection {
        case .none: break
        case .dtls(let role, let fingerprints):
            attributes.append(role == .client ? "setup:passive" : "setup:active")
            attributes += fingerprints.prefix(1).map { "fingerprint:\($0.attribute)" }
        case .sdes(let ours, let theirs):
            // An answer repeats the tag of what was offered (RFC 4568 §5.1.2), and to rtpengine every peer answers, also one
            // that has offered in truth, by tags of its own.
            let tag = offered?.sdes.first { $0.suite == ours.suite }?.tag ?? ours.tag
            attributes.append("crypto:\(SDESKey(suite: theirs.suite, tag: tag, bytes: theirs.bytes).attribute)")
        }
        return Self.description(
            peer.address ?? Self.nowhere,
            transport: Self.transport(of: peer),
            formats: Self.formats(of: peer) + Self.formats(from: peer),
            attributes: attributes
        )
    }

    /// The protocol of `m=` toward that peer.
    static func transport(of peer: MediaPeer) -> String {
        switch peer.protection {
        case .none: "RTP/AVP"
        case .sdes: "RTP/SAVP"
        case .dtls: "UDP/TLS/RTP/SAVPF"
        }
    }

    private static func direction(of peer: MediaPeer) -> String {
        switch (peer.sends, peer.receives) {
        case (true, true): "sendrecv"
        case (true, false): "recvonly"
        case (false, true): "sendonly"
        case (false, false): "inactive"
        }
    }

    private static func description(
        _ address: MediaAddress,
        transport: String,
        formats: [(type: UInt8, encoding: String)],
        attributes: [String]
    ) -> String {
        let host = "IN \(address.isIPv6 ? "IP6" : "IP4") \(address.host)"
        let types = formats.map { String($0.type) }.joined(separator: " ")
        let lines =
            ["v=0", "o=- 1 1 \(host)", "s=-", "c=\(host)", "t=0 0", "m=audio \(address.port) \(transport) \(types)"]
            + formats.map { "a=rtpmap:\($0.type) \($0.encoding)" } + attributes.map { "a=\($0)" }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    /// Where a description of rtpengine says that RTP is awaited; nil where it says nothing of use.
    static func address(in description: SessionDescription) -> MediaAddress? {
        guard let audio = description.media.first, audio.port != 0,
            let host = description.connection(of: audio)?.address,
            let address = MediaAddress(host, port: audio.port), !address.isUnspecified
        else { return nil }
        return address
    }

    /// The endpoint that a description of rtpengine lays out toward a peer; nil where something is missing.
    static func endpoint(in description: SessionDescription, _ kind: MediaLegKind) -> MediaEndpoint? {
        guard let audio = description.media.first, let address = Self.address(in: description) else { return nil }
        switch kind {
        case .webRTC:
            guard let ufrag = description.attribute("ice-ufrag", of: audio),
                let password = description.attribute("ice-pwd", of: audio),
                let fingerprint = description.attribute("fingerprint", of: audio)
                    .flatMap({ DTLSFingerprint(attribute: $0) })
            else { return nil }
            return MediaEndpoint(
                addresses: Self.candidates(of: audio, default: address),
                ice: ICECredentials(ufrag: String(ufrag), password: String(password)),
                fingerprint: fingerprint
            )
        case .rtp:
            let stated = audio.attribute("rtcp")?.split(separator: " ").first.flatMap { UInt16($0) }
            return MediaEndpoint(
                addresses: [address],
                rtcpPort: stated == address.port ? nil : stated ?? (address.port < .max ? address.port + 1 : nil),
                sdes: audio.attributes("crypto").compactMap { SDESKey(attribute: $0) }
            )
        }
    }

    /// The addresses that RTP is awaited at, the default first.
    private static func candidates(of audio: MediaSection, default address: MediaAddress) -> [MediaAddress] {
        var addresses = [address]
        for value in audio.attributes("candidate").prefix(SessionDescription.Limits.candidates) {
            guard let candidate = ICECandidateLine(String(value)), candidate.component == 1,
                candidate.kind == .host, candidate.transport.lowercased() == "udp",
                let address = MediaAddress(candidate.address, port: candidate.port), !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }
}
