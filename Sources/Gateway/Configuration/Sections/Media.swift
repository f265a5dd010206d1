extension GatewayConfiguration {
    /// What `media.mode` may be in this release.
    package enum MediaMode: String, Hashable, Sendable {
        /// The gateway carries the media: each side has an offer/answer of its own with it.
        case relay
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
    /// - `mode`: `relay`, which is the default, or `passthrough`; a trunk may override it.
    /// - `codecs`: what is offered and taken, best first; default all of `Codec`.
    /// - `srtp`: whether phones are offered SRTP by SDES rather than plain RTP, default false; a trunk may override it. A
    ///   phone that offers SRTP gets it all the same.
    /// - `transcode`: whether Opus and G.711 are turned into each other where two sides share no codec, default false:
    ///   such a call is refused.
    /// - `relay`: `Relay`.
    package struct Media: Hashable, Sendable {
        package var mode: MediaMode
        package var codecs: [Codec]
        package var offersSRTP: Bool
        package var transcodes: Bool
        package var relay: Relay
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
        reader.planned("rtpengine", "rtpengine as the relay is planned for a later release; leave it out for now")
        let codecs = reader.value("codecs").flatMap { value in
            if value.isList, !value.hasElements { value.fail("must name at least one codec") }
            return value.list { $0.word(GatewayConfiguration.Codec.self) }
        }
        return Self(
            mode: reader.value("mode").flatMap(self.readMode) ?? .relay,
            codecs: codecs.map(Self.unique) ?? GatewayConfiguration.Codec.allCases,
            offersSRTP: reader.value("srtp")?.boolean() ?? false,
            transcodes: reader.value("transcode")?.boolean() ?? false,
            relay: .read(reader.section("relay"))
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
        return (reader.value("mode").flatMap(self.readMode), reader.value("srtp")?.boolean())
    }

    private static func readMode(_ value: ValueReader) -> GatewayConfiguration.MediaMode? {
        guard let text = value.text() else { return nil }
        if text == "rtpengine" {
            value.fail("rtpengine is planned for a later release; write relay or passthrough")
            return nil
        }
        guard let mode = GatewayConfiguration.MediaMode(rawValue: text) else {
            value.fail("\"\(text)\" is not one of relay, passthrough")
            return nil
        }
        return mode
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
