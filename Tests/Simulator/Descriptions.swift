import ClientProtocol
import SIPCore

/// Session descriptions and candidates as the simulated endpoints write them.
///
/// `s=` names the call and the endpoint, `k17.d3`: so an endpoint knows whose media it would hear.
enum Descriptions {
    /// A browser's, without candidates.
    static func browser(
        owner: String,
        version: Int,
        ufrag: String,
        candidates: Int = 0,
        isComplete: Bool = false,
        padding: Int = 0
    ) -> [UInt8] {
        var text = "v=0\r\no=- \(ufrag.utf8.count)77 \(version) IN IP4 127.0.0.1\r\ns=\(owner)\r\nt=0 0\r\n"
        text += "a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
        text += "a=ice-ufrag:\(ufrag)\r\na=ice-pwd:0123456789abcdefghijkl\r\na=ice-options:trickle\r\n"
        text += "a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\n"
        text += "a=rtpmap:111 opus/48000/2\r\n"
        for index in 0..<padding { text += "a=fmtp:111 useless-parameter-of-some-length=\(index)\r\n" }
        for index in 0..<candidates { text += "a=\(self.candidateLine(index, ufrag: ufrag))\r\n" }
        if isComplete { text += "a=end-of-candidates\r\n" }
        return Array(text.utf8)
    }

    /// A phone's.
    static func phone(owner: String, session: Int, version: Int, direction: String = "sendrecv") -> [UInt8] {
        Array(
            """
            v=0\r\no=\(owner.drop { $0 != "." }.dropFirst()) \(session) \(version) IN IP4 192.0.2.7\r\ns=\(owner)\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
            m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
            a=\(direction)\r\n
            """.utf8
        )
    }

    private static func candidateLine(_ index: Int, ufrag: String) -> String {
        "candidate:\(index + 1) 1 udp \(2_130_706_431 - index) 192.0.2.\(index + 10) 50000 typ host ufrag \(ufrag)"
    }

    static func candidate(_ index: Int, ufrag: String) -> JSONFragment {
        JSONFragment(
            utf8: Array(
                #"{"candidate":"\#(self.candidateLine(index, ufrag: ufrag))","sdpMid":"0","sdpMLineIndex":0}"#.utf8
            )
        )
    }

    static let endOfCandidates = [
        JSONFragment(utf8: Array("null".utf8)), JSONFragment(utf8: Array(#"{"candidate":""}"#.utf8)),
    ]

    /// The owner of a description, which `s=` names; nil where nobody is behind it.
    static func owner(of text: [UInt8]) -> String? {
        var index = 0
        while index + 2 < text.count {
            // "s=k", at the start of a line or after the escape of a line's end.
            if text[index] == 0x73, text[index + 1] == 0x3D, text[index + 2] == 0x6B {
                let value = text[(index + 2)...].prefix { $0 > 0x20 && $0 != 0x5C && $0 != 0x22 }
                return String(decoding: value, as: UTF8.self)
            }
            index += 1
        }
        return nil
    }

    /// The number of the call that a description belongs to.
    static func origin(of owner: String) -> Int? {
        Int(owner.dropFirst().prefix { $0 != "." })
    }

    /// The endpoint behind a description.
    static func name(of owner: String) -> String {
        String(owner.drop { $0 != "." })
    }

    /// The `o=` line's session id and version.
    static func originLine(of text: [UInt8]) -> (session: String, version: UInt64)? {
        guard let start = text.firstRange(of: [0x6F, 0x3D])?.lowerBound else { return nil }
        let fields = text[(start + 2)...].prefix { $0 != 0x0D && $0 != 0x0A }.split(separator: 0x20)
        guard fields.count >= 3, let version = UInt64(String(decoding: fields[2], as: UTF8.self)) else { return nil }
        return (String(decoding: fields[1], as: UTF8.self), version)
    }
}
