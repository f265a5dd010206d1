import NIOCore
import SIPCore

/// Messages to send about.
enum Sample {
    static func request(_ callID: String, via: SIPTransportKind = .udp) -> SIPMessage {
        .request(
            SIPRequest(
                method: .options,
                uri: SIPURI(user: "bob", host: "example.org"),
                headers: self.headers(callID, via)
            )
        )
    }

    static func response(_ callID: String, via: SIPTransportKind = .udp) -> SIPMessage {
        .response(SIPResponse(status: 200, reason: "OK", headers: self.headers(callID, via)))
    }

    private static func headers(_ callID: String, _ transport: SIPTransportKind) -> SIPHeaders {
        SIPHeaders(
            via: [
                Via(transport: transport, host: "192.0.2.1", port: 5060, branch: "z9hG4bK-\(callID)", rport: .requested)
            ],
            from: NameAddress(
                uri: SIPURI(user: "alice", host: "example.org"),
                parameters: SIPParameters([.init("tag", "a1")])
            ),
            to: NameAddress(uri: SIPURI(user: "bob", host: "example.org")),
            callID: callID,
            cSeq: CSeq(1, .options),
            maxForwards: 70
        )
    }

    /// A request that can be answered, but not taken: its CSeq names another method.
    static let malformed = """
        OPTIONS sip:bob@example.org SIP/2.0\r
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-bad;rport\r
        Max-Forwards: 70\r
        From: <sip:alice@example.org>;tag=a1\r
        To: <sip:bob@example.org>\r
        Call-ID: bad\r
        CSeq: 1 INVITE\r
        Content-Length: 0\r
        \r

        """
}

extension SIPMessage {
    /// As it goes over the wire.
    var text: String {
        var bytes: [UInt8] = []
        SIPWriter.write(self, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
