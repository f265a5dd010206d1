extension GatewayConfiguration {
    /// What `media.mode` may be.
    package enum MediaMode: String, CaseIterable, Hashable, Sendable {
        /// The gateway carries the media: each side has an offer/answer of its own with it.
        case relay
        /// The same, but rtpengine carries the media.
        case rtpengine
        /// Session descriptions pass through, media flows between the peers.
        case passthrough
    }

    /// A codec, as `media.codecs` names it.
    package enum Codec: String, CaseIterable, Hashable, Sendable {
        case opus
        case g722 = "G722"
        case pcmu = "PCMU"
        case pcma = "PCMA"
    }

    /// `media`: who carries the media.
    ///
    /// - `mode`: `relay`, which is the default, `rtpengine` or `passthrough`; a trunk may override it. As one call may have a
    ///   leg at each of two trunks, all that don't pass media through have the same.
    /// - `codecs`: what is offered and taken, best first; default all of `Codec`.
    /// - `srtp`: whether phones are offered SRTP by SDES rather than plain RTP, default false; a trunk may override it. A
    ///   phone that offers SRTP gets it all the same.
    /// - `transcode`: whether Opus and G.711 are turned into each other where two sides share no codec, default false:
    ///   such a call is refused.
    /// - `relay`: `Relay`.
    /// - `rtpengine`: `RTPEngine`.
    package struct Media: Hashable, Sendable {
        package var mode: MediaMode
        package var codecs: [Codec]
        package var offersSRTP: Bool
        package var transcodes: Bool
        package var relay: Relay
        package var rtpengine: RTPEngine
    }

    /// `media.rtpengine`: the instances of rtpengine that carry media, and what they tell us.
    ///
    /// - `control`: where they take the ng protocol (`--listen-ng`), one address with its port or a list, the preferred first.
    ///   A call goes to the first one that answers. Default 127.0.0.1:2223.
    /// - `dtmf_listen`: where we take what they tell of digits (`--dtmf-log-dest`); default none: apps are told of no digit.
    /// - `timeout`: a call whose peer has sent nothing for so long is ended, default 60 s.
    package struct RTPEngine: Hashable, Sendable {
        package var control: [HostPort]
        package var digitListener: HostPort?
        package var timeout: Duration
    }

    /// `media.relay`: where media is carried.
    ///
    /// - `address`: one address or a list of them, where sockets are bound; phones reach the first. Default 127.0.0.1.
    /// - `advertise`: what peers are told in their place, one or a list; default none.
    /// - `webrtc_port`: the one UDP port of all apps, default 16383; 0: one that is free.
    /// - `ports`: the UDP ports toward phones, default 16384-32767: below the system's ephemeral ones.
    /// - `timeout`: a call whose peer has sent nothing for so long is ended, default 60 s.
    package struct Relay: Hashable, Sendable {
        package var addresses: [String]
        package var advertise: [String]
        package var webRTCPort: UInt16
        package var ports: ClosedRange<UInt16>
        package var timeout: Duration
    }
}

extension GatewayConfiguration.Media {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let codecs = reader.value("codecs").flatMap { value in
            if value.isList, !value.hasElements { value.fail("must name at least one codec") }
            return value.list { $0.word(GatewayConfiguration.Codec.self) }
        }
        return Self(
            mode: reader.value("mode")?.word(GatewayConfiguration.MediaMode.self) ?? .relay,
            codecs: codecs.map(Self.unique) ?? GatewayConfiguration.Codec.allCases,
            offersSRTP: reader.value("srtp")?.boolean() ?? false,
            transcodes: reader.value("transcode")?.boolean() ?? false,
            relay: .read(reader.section("relay")),
            rtpengine: .read(reader.section("rtpengine"))
        )
    }

    private static func unique(_ codecs: [GatewayConfiguration.Codec]) -> [GatewayConfiguration.Codec] {
        codecs.indices.filter { !codecs[..<$0].contains(codecs[$0]) }.map { codecs[$0] }
    }

    /// A trunk's own `media`.
    static func readOfTrunk(
        _ reader: MappingReader
    ) -> (mode: GatewayConfiguration.MediaMode?, offersSRTP: Bool?) {
        defer { reader.finish() }
        return (reader.value("mode")?.word(GatewayConfiguration.MediaMode.self), reader.value("srtp")?.boolean())
    }
}

extension GatewayConfiguration.Relay {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let port = reader.value("webrtc_port")?.integer(in: 0...65_535)
        let ports = reader.value("ports")?.converted(
            expected: "a range of ports from 1024 to 65535 with room for a call; write 16384-32767",
            self.ports
        )
        let relay = Self(
            addresses: reader.value("address").map(self.addresses) ?? ["127.0.0.1"],
            advertise: reader.value("advertise").map(self.addresses) ?? [],
            webRTCPort: UInt16(port ?? 16_383),
            ports: ports ?? 16_384...32_767,
            timeout: reader.value("timeout")?.duration(in: .seconds(5)...(.seconds(3_600))) ?? .seconds(60)
        )
        if relay.addresses.isEmpty { reader.value("address")?.fail("must name at least one address") }
        if relay.ports.contains(relay.webRTCPort) {
            reader.fail("webrtc_port \(relay.webRTCPort) must not be one of the ports toward phones")
        }
        return relay
    }

    private static func addresses(_ value: ValueReader) -> [String] {
        func one(_ value: ValueReader) -> String? {
            value.converted(expected: "an IP address") { IPAddressText($0)?.description }
        }
        if value.isList { return value.list(one) ?? [] }
        if value.isNull { return [] }
        return one(value).map { [$0] } ?? []
    }

    private static func ports(_ text: String) -> ClosedRange<UInt16>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard bounds.count == 2, let low = bounds[0], let high = bounds[1], low >= 1024,
            // A pair of an even port and the next one.
            low <= high, high - low >= (low.isMultiple(of: 2) ? 1 : 2)
        else { return nil }
        return low...high
    }
}

extension GatewayConfiguration.RTPEngine {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        let control = reader.value("control").map { value in
            if value.isList, !value.hasElements { value.fail("must name at least one rtpengine") }
            return self.control(value)
        }
        return Self(
            control: control ?? [HostPort(host: "127.0.0.1", port: 2_223)],
            digitListener: reader.value("dtmf_listen")?.hostPort(),
            timeout: reader.value("timeout")?.duration(in: .seconds(5)...(.seconds(3_600))) ?? .seconds(60)
        )
    }

    private static func control(_ value: ValueReader) -> [HostPort] {
        func one(_ value: ValueReader) -> HostPort? {
            value.converted(expected: "where an rtpengine is controlled; write 127.0.0.1:2223 or [::1]:2223") { text in
                HostPort(text: text).flatMap { $0.port == 0 || $0.isWildcard ? nil : $0 }
            }
        }
        return value.isList ? value.list(one) ?? [] : one(value).map { [$0] } ?? []
    }
}
