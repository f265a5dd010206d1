/// What an app says, as the JSON of its message.
enum AppMessage {
    enum OfferSize {
        /// What a SIP peer needs, and no more.
        case small
        /// About what a browser writes for one audio track: the request that holds it is longer than 1300 bytes.
        case browser
    }

    case startCall(String)
    case offer(to: String, OfferSize)
    case hangUp(peer: String, callID: String?)
    /// The identifiers as JSON, as they came.
    case answerCall(callID: String, callerID: String)
    case answer(callerID: String)

    var json: String {
        switch self {
        case .startCall(let number):
            #"{"action":"start_call","callee_id":"\#(number)"}"#
        case .offer(let number, let size):
            #"{"action":"offer","callee_id":"\#(number)","offer":{"type":"offer","sdp":"\#(Self.offerSDP(size))"}}"#
        case .hangUp(let peer, let callID):
            #"{"action":"hang_up","peer_id":"\#(peer)","call_id":\#(callID ?? "null")}"#
        case .answerCall(let callID, let callerID):
            #"{"action":"answer_call","call_id":\#(callID),"caller_id":\#(callerID)}"#
        case .answer(let callerID):
            #"{"action":"answer","caller_id":\#(callerID),"answer":{"type":"answer","sdp":"\#(Self.answerSDP)"}}"#
        }
    }

    private static func offerSDP(_ size: OfferSize) -> String {
        switch size {
        case .small: self.smallOffer
        case .browser: self.browserOffer
        }
    }

    private static let smallOffer = Self.sdp(setup: "actpass", ufrag: "Offr")
    private static let browserOffer = Self.smallOffer + Self.escaped(Self.browserLines)
    private static let answerSDP = Self.sdp(setup: "active", ufrag: "Answ")

    /// One audio track with its candidates, so that nothing waits for more; already escaped for JSON.
    private static func sdp(setup: String, ufrag: String) -> String {
        let fingerprint = Array(repeating: "5A", count: 32).joined(separator: ":")
        return self.escaped([
            "v=0",
            "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0",
            "m=audio 40000 UDP/TLS/RTP/SAVPF 111 0 101",
            "c=IN IP4 127.0.0.1",
            "a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host",
            "a=end-of-candidates",
            "a=ice-ufrag:\(ufrag)",
            "a=ice-pwd:nobodyneedstoguessthis00",
            "a=fingerprint:sha-256 \(fingerprint)",
            "a=setup:\(setup)",
            "a=mid:0",
            "a=sendrecv",
            "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
        ])
    }

    private static let browserLines = [
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=msid:5f2d4a0b-7c0e-4b6e-9a43-0f7c5a1f3e11 0a4f3b5e-1c2d-4e3f-8a9b-6c7d8e9f0a1b",
        "a=rtcp-rsize",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=candidate:2 1 udp 2122194687 192.0.2.17 40001 typ host",
        "a=candidate:3 1 udp 1686052607 198.51.100.23 40001 typ srflx raddr 192.0.2.17 rport 40001",
        "a=ssrc:2570489 cname:Zx1w7LkQ2w8eYtRu",
        "a=ssrc:2570489 msid:5f2d4a0b-7c0e-4b6e-9a43-0f7c5a1f3e11 0a4f3b5e-1c2d-4e3f-8a9b-6c7d8e9f0a1b",
    ]

    private static func escaped(_ lines: [String]) -> String {
        lines.map { $0 + #"\r\n"# }.joined()
    }
}
