import SIPCore
import SIPWire

/// Messages of an ordinary call.
enum Samples {
    static let sdp = lines(
        "v=0",
        "o=- 3905 3905 IN IP4 192.0.2.10",
        "s=call",
        "c=IN IP4 192.0.2.10",
        "t=0 0",
        "m=audio 40000 RTP/AVP 8 0 101",
        "a=rtpmap:101 telephone-event/8000",
        "a=ptime:20",
        "a=sendrecv"
    )

    static let invite =
        lines(
            "INVITE sip:200@gw.example.org:5060;transport=udp SIP/2.0",
            "Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKPj3a8c1d5e-9f31",
            "Max-Forwards: 70",
            "From: \"Bob \\\"the\\\" Builder\" <sip:100@gw.example.org>;tag=8d2f-77aa",
            "To: <sip:200@gw.example.org>",
            "Contact: <sip:100@192.0.2.10:5060;ob>",
            "Call-ID: 5b1c0f5e-ac2d-4cd8-8c10-77a1f3d0e6a4",
            "CSeq: 4711 INVITE",
            "Route: <sip:gw.example.org;lr>, <sip:core.example.org;lr>",
            "Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS",
            "Supported: replaces, 100rel, timer, norefersub",
            "Session-Expires: 1800",
            "User-Agent: phone/2.1",
            "Content-Type: application/sdp",
            "Content-Length: \(sdp.utf8.count)",
            ""
        ) + sdp

    static let ringing = lines(
        "SIP/2.0 180 Ringing",
        "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa1b2c3d4e5f6;received=198.51.100.7;rport=5060",
        "Record-Route: <sip:core.example.org;lr>",
        "From: <sip:100@gw.example.org>;tag=1",
        "To: <sip:200@example.org>;tag=2fb0dcc9-1",
        "Call-ID: 7f3a9b@198.51.100.7",
        "CSeq: 1 INVITE",
        "Contact: <sip:200@192.0.2.20:5060>",
        "Content-Length: 0",
        ""
    )

    static let ok =
        lines(
            "SIP/2.0 200 OK",
            "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa1b2c3d4e5f6;received=198.51.100.7;rport=5060",
            "Record-Route: <sip:core.example.org;lr>",
            "From: <sip:100@gw.example.org>;tag=1",
            "To: <sip:200@example.org>;tag=2fb0dcc9-1",
            "Call-ID: 7f3a9b@198.51.100.7",
            "CSeq: 1 INVITE",
            "Contact: <sip:200@192.0.2.20:5060>",
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS",
            "Content-Type: application/sdp",
            "Content-Length: \(sdp.utf8.count)",
            ""
        ) + sdp

    static let bye = lines(
        "BYE sip:100@198.51.100.7:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK77ef4c2312983.1",
        "Max-Forwards: 70",
        "From: <sip:200@example.org>;tag=2fb0dcc9-1",
        "To: <sip:100@gw.example.org>;tag=1",
        "Call-ID: 7f3a9b@198.51.100.7",
        "CSeq: 2 BYE",
        "Content-Length: 0",
        ""
    )

    static let all = [invite, ringing, ok, bye]

    static func lines(_ lines: String...) -> String {
        lines.map { $0 + "\r\n" }.joined()
    }

    /// A small OPTIONS with every mandatory field, one of them left out, some replaced, others added.
    static func options(
        _ requestLine: String = "OPTIONS sip:gw.example.org SIP/2.0",
        replacing: [String: String] = [:],
        without absent: String = "",
        adding: [String] = [],
        body: String = ""
    ) -> [UInt8] {
        let mandatory = [
            ("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1"), ("From", "<sip:a@example.org>;tag=1"),
            ("To", "<sip:gw.example.org>"), ("Call-ID", "c1"), ("CSeq", "7 OPTIONS"), ("Max-Forwards", "70"),
            ("Content-Length", "\(body.utf8.count)"),
        ]
        var text = requestLine + "\r\n"
        for (name, value) in mandatory where name != absent {
            text += "\(name): \(replacing[name] ?? value)\r\n"
        }
        for field in adding { text += field + "\r\n" }
        return Array((text + "\r\n" + body).utf8)
    }
}

extension SIPWireResult {
    var message: SIPMessage? {
        switch self {
        case .message(let message): message
        case .rejected, .keepalive: nil
        }
    }

    var request: SIPRequest? {
        switch self {
        case .message(.request(let request)): request
        case .message(.response), .rejected, .keepalive: nil
        }
    }

    var fault: SIPWireFault? {
        switch self {
        case .rejected(let fault, _): fault
        case .message, .keepalive: nil
        }
    }

    var response: SIPResponse? {
        switch self {
        case .rejected(_, let response): response
        case .message, .keepalive: nil
        }
    }
}

/// The same numbers in each run: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
