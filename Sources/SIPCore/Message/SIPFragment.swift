/// The body of a NOTIFY that tells how a transfer goes: the status line of a response (RFC 3420, RFC 3515 §2.4.5).
package enum SIPFragment {
    static let contentType = "message/sipfrag;version=2.0"

    /// Whether that Content-Type is the one of a fragment.
    static func isType(_ contentType: String?) -> Bool {
        guard let name = contentType?.split(separator: ";", maxSplits: 1).first else { return false }
        return name.trimmedOfSpace.equalsIgnoringCase("message/sipfrag")
    }

    static func body(status: UInt16) -> [UInt8] {
        Array("SIP/2.0 \(status) \(SIPStatus.reasonPhrase(for: status))\r\n".utf8)
    }

    /// The status of a body; nil where it does not begin with a status line.
    package static func status(_ body: [UInt8]) -> UInt16? {
        let start = Array("SIP/2.0 ".utf8)
        guard body.starts(with: start), body.count >= start.count + 3 else { return nil }
        var status: UInt16 = 0
        for byte in body[start.count..<start.count + 3] {
            guard (0x30...0x39).contains(byte) else { return nil }
            status = status * 10 + UInt16(byte - 0x30)
        }
        if body.count > start.count + 3, (0x30...0x39).contains(body[start.count + 3]) { return nil }
        return (100...699).contains(status) ? status : nil
    }
}
