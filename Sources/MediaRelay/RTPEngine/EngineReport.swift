/// What the reply to `query` says of a leg's peer.
struct EngineReport: Hashable, Sendable {
    /// Those that came from the peer, RTCP included; nil where the reply doesn't say.
    var packets: Int64?
    /// DTLS has come to its end, and the certificate is the one of the description.
    var isSecured = false

    init(_ body: Bencode) {
        guard let medium = body["tags"]?[EngineRequest.outerTag]?["medias"]?.elements.first else { return }
        for stream in medium["streams"]?.elements ?? [] {
            if let packets = stream["stats"]?["packets"]?.integer {
                self.packets = (self.packets ?? 0) &+ packets
            }
            if stream["flags"]?.elements.contains(.text("DTLS fingerprint verified")) == true { self.isSecured = true }
        }
    }
}
