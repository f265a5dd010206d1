import SIPCore

/// Offers as peers send them.
enum SampleOffers {
    /// An array literal of lines as one text with CRLF.
    static func text(_ lines: [String]) -> String {
        lines.map { $0 + "\r\n" }.joined()
    }

    /// Chrome, audio alone, before any candidate.
    static let chromeAudio = text([
        "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=extmap-allow-mixed",
        "a=msid-semantic: WMS 5f8a1e0e", "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0", "a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
        "a=ice-options:trickle",
        "a=fingerprint:sha-256 D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F",
        "a=setup:actpass", "a=mid:0", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=sendrecv",
        "a=msid:5f8a1e0e 0d2c", "a=rtcp-mux", "a=rtcp-rsize", "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:63 red/48000/2",
        "a=fmtp:63 111/111", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:13 CN/8000",
        "a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000",
        "a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6", "a=ssrc:3570614608 msid:5f8a1e0e 0d2c",
    ])

    /// Two audio sections, video and a data channel in one BUNDLE group.
    static let bundle = text([
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE a v d b",
        "a=ice-options:trickle renomination",
        "m=audio 9 UDP/TLS/RTP/SAVPF 126 63 111", "c=IN IP4 0.0.0.0", "a=ice-ufrag:one",
        "a=ice-pwd:onepassword0123456789ab",
        "a=fingerprint:sha-256 AA:BB", "a=setup:active", "a=mid:a", "a=rtcp-mux",
        "a=rtpmap:126 telephone-event/8000", "a=rtpmap:63 RED/48000/2", "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "c=IN IP4 0.0.0.0", "a=ice-ufrag:one", "a=mid:v", "a=rtcp-mux",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=bundle-only", "a=mid:d",
        "m=audio 0 UDP/TLS/RTP/SAVPF 8", "c=IN IP4 0.0.0.0", "a=bundle-only", "a=mid:b", "a=ice-ufrag:two",
    ])

    /// A desk phone.
    static let phone = text([
        "v=0", "o=bob 2890844526 2890844527 IN IP4 192.0.2.10", "s=call", "i=info", "u=http://example.org",
        "c=IN IP4 192.0.2.10", "b=AS:64", "t=0 0", "k=clear:x", "a=sendonly", "m=audio 49170/2 RTP/AVP 101 0 8",
        "i=title", "b=AS:64", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20",
        "m=video 51372 RTP/AVP 31", "c=IN IP6 2001:db8::10", "a=inactive", "x=unheard of", "m=image 0 udptl t38",
    ])

    static func read(_ text: String) throws(SDPError) -> SessionDescription {
        try SessionDescription(Array(text.utf8))
    }
}
