import SIPCore

/// What endpoints say where a relay reads it: real codecs, and answers that fit their offers.
extension Descriptions {
    /// The codecs that endpoints have, each list in the order of its owner's liking.
    ///
    /// PCMU is in each, so that good people can always talk.
    private static let lists: [[UInt8]] = [
        [0, 8], [8, 0], [9, 0, 8], [9, 8, 0], [0], [111, 0, 8], [111, 9, 0, 8], [9, 0],
    ]

    static func codecs(of name: String, seed: UInt64) -> [UInt8] {
        // FNV-1a: the same endpoint likes the same ones throughout a run.
        var hash = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return self.lists[Int((hash >> 32) % UInt64(self.lists.count))]
    }

    private static let names: [UInt8: String] = [0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000", 111: "opus/48000/2"]

    private static func rtpmaps(_ codecs: [UInt8]) -> String {
        codecs.map { "a=rtpmap:\($0) \(self.names[$0] ?? "")\r\n" }.joined()
    }

    /// Makes of a description of `phone` or `browser` one that a relay can read.
    ///
    /// - Parameters:
    ///   - sdp: the description.
    ///   - codecs: what the endpoint likes.
    ///   - offer: what it answers; nil: it offers.
    /// - Returns: the description, with the same owner and version.
    static func relayed(_ sdp: [UInt8], codecs: [UInt8], answering offer: [UInt8]?) -> [UInt8] {
        var codecs = codecs
        let text = String(decoding: sdp, as: UTF8.self)
        let isBrowser = text.contains("SAVPF")
        if isBrowser, !codecs.contains(111) { codecs.insert(111, at: 0) }
        if let offered = offer.flatMap({ self.types(of: $0) }) {
            let common = codecs.filter { offered.contains($0) }
            codecs = common.isEmpty ? [0] : common
        }
        let list = codecs.map { "\($0)" }.joined(separator: " ")
        let fingerprint = "a=fingerprint:sha-256 " + Array(repeating: "1B", count: 32).joined(separator: ":")
        var lines = text.split(separator: "\r\n").map { String($0) }
        lines = lines.flatMap { line -> [String] in
            if line.hasPrefix("m=audio 9 ") {
                return ["m=audio 9 UDP/TLS/RTP/SAVPF \(list) 126"]
            }
            if line.hasPrefix("m=audio") { return ["m=audio 4000 RTP/AVP \(list) 101"] }
            if line.hasPrefix("a=fingerprint") { return [fingerprint] }
            if line == "a=rtpmap:111 opus/48000/2" || line == "a=rtpmap:0 PCMU/8000" {
                let own = self.rtpmaps(codecs).split(separator: "\r\n").map { String($0) }
                return own + (isBrowser ? ["a=rtpmap:126 telephone-event/8000"] : [])
            }
            if line.hasPrefix("a=setup"), offer != nil { return ["a=setup:active"] }
            if line == "a=sendrecv", let offer, self.isHold(offer) { return ["a=recvonly"] }
            return [line]
        }
        return Array((lines + [""]).joined(separator: "\r\n").utf8)
    }

    private static func isHold(_ sdp: [UInt8]) -> Bool {
        String(decoding: sdp, as: UTF8.self).contains("a=sendonly")
    }

    /// The types of the audio section; nil where there is none.
    static func types(of sdp: [UInt8]) -> [UInt8]? {
        let lines = String(decoding: sdp, as: UTF8.self).split(whereSeparator: { $0 == "\r\n" || $0 == "\n" })
        guard let media = lines.first(where: { $0.hasPrefix("m=audio") }) else { return nil }
        return media.split(separator: " ").dropFirst(3).compactMap { UInt8($0) }
    }
}
