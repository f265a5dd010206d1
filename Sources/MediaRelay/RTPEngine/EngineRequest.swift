import MediaCore
import SIPCore

/// The commands that a leg needs, as dictionaries of the ng protocol.
enum EngineRequest {
    /// Our own side of each leg's call.
    static let innerTag = "in"
    /// The peer's side.
    static let outerTag = "out"
    /// The pause after each digit (RFC 4733 §2.6.3.3), which rtpengine needs 100 ms of at least.
    static let digitPause = Span.milliseconds(100)

    /// The suites that the gateway doesn't speak.
    private static let refusedSuites = [
        "AEAD_AES_256_GCM", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_80",
        "AES_192_CM_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32", "NULL_HMAC_SHA1_80",
        "NULL_HMAC_SHA1_32",
    ]

    /// Ports stay for as long as the call does.
    ///
    /// To take digits is to decode and encode every packet, hence not before
    /// there are some.
    private static func flags(injects: Bool) -> [String] { ["port-latching"] + (injects ? ["inject-DTMF"] : []) }

    /// The inner side comes from the address that we state and from no other.
    private static func innerFlags(injects: Bool) -> [String] {
        Self.flags(injects: injects) + ["asymmetric", "strict-source"]
    }

    static let ping = Bencode.dictionary([.init("command", .text("ping"))])

    /// Our inner side offers; the reply holds our side toward the peer.
    ///
    /// Without a peer the first answer is still to come, which may choose SRTP or none.
    static func offer(
        _ call: String,
        _ kind: MediaLegKind,
        inner: String,
        to peer: MediaPeer?,
        injects: Bool
    ) -> Bencode {
        let tags = [(Self.innerTag, "from-tag")] + (peer == nil ? [] : [(Self.outerTag, "to-tag")])
        var entries = Self.entries("offer", call, tags, sdp: inner, flags: Self.innerFlags(injects: injects))
        switch kind {
        case .webRTC:
            entries += Self.toApp
            entries.append(.init("ICE-lite", .text("forward")))
            entries.append(.init("transport-protocol", .text("UDP/TLS/RTP/SAVPF")))
        case .rtp:
            entries += Self.toPhone
            if peer == nil { entries.append(.init("OSRTP", .texts(["offer"]))) }
            entries.append(.init("transport-protocol", .text(peer.map(EngineTerms.transport) ?? "RTP/AVP")))
        }
        return .dictionary(entries)
    }

    /// The peer answers; the reply holds where its inner side awaits packets.
    static func answer(_ call: String, outer: String, injects: Bool) -> Bencode {
        let tags = [(Self.innerTag, "from-tag"), (Self.outerTag, "to-tag")]
        return .dictionary(
            Self.entries("answer", call, tags, sdp: outer, flags: Self.flags(injects: injects)) + Self.toInner
        )
    }

    /// The peer offers with other credentials, whereupon rtpengine changes its own.
    static func restartOffer(_ call: String, outer: String, injects: Bool) -> Bencode {
        let tags = [(Self.outerTag, "from-tag"), (Self.innerTag, "to-tag")]
        let plain = Bencode.Entry("transport-protocol", .text("RTP/AVP"))
        return .dictionary(
            Self.entries("offer", call, tags, sdp: outer, flags: Self.flags(injects: injects)) + Self.toInner + [plain]
        )
    }

    /// Our inner side answers that; the reply holds the new credentials.
    static func restartAnswer(_ call: String, inner: String, injects: Bool) -> Bencode {
        let tags = [(Self.outerTag, "from-tag"), (Self.innerTag, "to-tag")]
        let lite = Bencode.Entry("ICE-lite", .text("backward"))
        return .dictionary(
            Self.entries("answer", call, tags, sdp: inner, flags: Self.innerFlags(injects: injects)) + Self.toApp + [
                lite
            ]
        )
    }

    static func query(_ call: String) -> Bencode {
        .dictionary([.init("command", .text("query")), .init("call-id", .text(call))])
    }

    /// Whether what comes from our inner side goes no further; the direction in a description alone changes nothing.
    static func block(_ call: String, _ isBlocked: Bool) -> Bencode {
        .dictionary([
            .init("command", .text(isBlocked ? "block media" : "unblock media")), .init("call-id", .text(call)),
            .init("from-tag", .text(Self.innerTag)),
        ])
    }

    static func digit(_ call: String, _ digit: Character, duration: Span) -> Bencode {
        .dictionary([
            .init("command", .text("play DTMF")), .init("call-id", .text(call)),
            .init("from-tag", .text(Self.innerTag)), .init("code", .text(String(digit))),
            .init("duration", .integer(Self.milliseconds(duration))),
            .init("pause", .integer(Self.milliseconds(Self.digitPause))),
        ])
    }

    /// At once, not after the 30 s that rtpengine keeps a call for by itself.
    static func delete(_ call: String) -> Bencode {
        .dictionary([
            .init("command", .text("delete")), .init("call-id", .text(call)), .init("delete delay", .integer(0)),
        ])
    }

    /// Within what rtpengine takes: 100 to 5000 ms.
    static func milliseconds(_ span: Span) -> Int64 {
        Int64(min(max(span.nanoseconds / 1_000_000, 100), 5_000))
    }

    private static let toApp: [Bencode.Entry] = [
        .init("ICE", .text("force")), .init("rtcp-mux", .texts(["offer", "require"])), .init("SDES", .texts(["off"])),
    ]

    private static let toPhone: [Bencode.Entry] = [
        .init("ICE", .text("remove")), .init("DTLS", .text("off")), .init("rtcp-mux", .texts(["offer"])),
        .init("SDES", .texts(EngineRequest.refusedSuites.map { "no-" + $0 })),
    ]

    private static let toInner: [Bencode.Entry] = [
        .init("ICE", .text("remove")), .init("DTLS", .text("off")), .init("rtcp-mux", .texts(["demux"])),
    ]

    private static func entries(
        _ command: String,
        _ call: String,
        _ tags: [(value: String, name: String)],
        sdp: String,
        flags: [String]
    ) -> [Bencode.Entry] {
        [.init("command", .text(command)), .init("call-id", .text(call))]
            + tags.map { .init($0.name, .text($0.value)) }
            + [.init("sdp", .text(sdp)), .init("replace", .texts(["origin"])), .init("flags", .texts(flags))]
    }
}
