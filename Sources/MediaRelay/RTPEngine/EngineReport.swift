import MediaCore
import SIPCore

/// What the reply to `query` says of a leg.
struct EngineReport: Hashable, Sendable {
    /// The latest report that one of the two sides wrote on what it gets.
    struct Reception: Hashable, Sendable {
        /// When it came, in Unix seconds.
        var time: Int64
        /// 0 to 1000; rtpengine tells whole percents.
        var lossPerMille: UInt16
        var jitter: Span
        /// Between rtpengine and the one who wrote it; nil where it isn't known.
        var roundTrip: Span?
    }

    /// Those that came from the peer, RTCP included; nil where the reply doesn't say.
    var packets: Int64?
    /// Those that came from our inner side, and went to the peer.
    var packetsOut: Int64?
    /// DTLS has come to its end, and the certificate is the one of the description.
    var isSecured = false
    /// By the peer.
    var peerReception: Reception?
    /// By whoever hears the peer.
    var reception: Reception?

    init(_ body: Bencode) {
        let outer = Self.streams(EngineRequest.outerTag, body)
        let inner = Self.streams(EngineRequest.innerTag, body)
        self.packets = Self.packets(outer)
        self.packetsOut = Self.packets(inner)
        self.isSecured = outer.contains {
            $0["flags"]?.elements.contains(.text("DTLS fingerprint verified")) == true
        }
        self.peerReception = Self.reception(outer, body)
        self.reception = Self.reception(inner, body)
    }

    private static func streams(_ tag: String, _ body: Bencode) -> [Bencode] {
        body["tags"]?[tag]?["medias"]?.elements.first?["streams"]?.elements ?? []
    }

    private static func packets(_ streams: [Bencode]) -> Int64? {
        let counts = streams.compactMap { $0["stats"]?["packets"]?.integer }.filter { $0 >= 0 }
        return counts.isEmpty ? nil : counts.reduce(0, &+)
    }

    /// Reports are listed by the source that their writer sends by.
    private static func reception(_ streams: [Bencode], _ body: Bencode) -> Reception? {
        guard let source = streams.first?["SSRC"]?.integer,
            let entry = body["SSRC"]?[String(source)]?["MOS progression"]?["entries"]?.elements.last,
            let time = entry["reported at"]?.integer, let percent = entry["packet loss"]?.integer,
            let jitter = entry["jitter"]?.integer
        else { return nil }
        let roundTrip = entry["round-trip time leg"]?.integer ?? 0
        return Reception(
            time: time,
            lossPerMille: UInt16(min(max(percent, 0), 100)) * 10,
            jitter: .milliseconds(UInt64(min(max(jitter, 0), 60_000))),
            roundTrip: roundTrip > 0 ? Span(nanoseconds: UInt64(min(roundTrip, 60_000_000)) * 1_000) : nil
        )
    }
}
