/// An ICE candidate as browsers hand it out (RFC 8839 §5.1), and the media section it belongs to.
package struct ICECandidateLine: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case host
        case serverReflexive
        case peerReflexive
        case relay
        case other(Substring)
    }

    package var foundation: Substring
    /// 1 for RTP, 2 for RTCP; up to 256.
    package var component: UInt16
    /// `udp`, `tcp`; in any case.
    package var transport: Substring
    package var priority: UInt32
    /// An IP address or a name.
    package var address: Substring
    package var port: UInt16
    package var kind: Kind
    /// The user name fragment that Chrome and Firefox put at the end; nil where there is none.
    package var ufrag: Substring?
    /// The attribute's value as it came, from the foundation on.
    package var raw: Substring

    /// `sdpMid` of an `RTCIceCandidateInit`.
    package var mid: String?
    /// `sdpMLineIndex` of an `RTCIceCandidateInit`.
    package var mLineIndex: UInt16?

    /// Reads `candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host …`, with `a=` before it or without, and without
    /// `candidate:` too.
    ///
    /// - Returns: nil where it is malformed or longer than 1024 bytes.
    package init?(_ text: String, mid: String? = nil, mLineIndex: UInt16? = nil) {
        self.init(reading: text[...])
        self.mid = mid
        self.mLineIndex = mLineIndex
    }

    init?(reading text: Substring) {
        guard text.utf8.count <= 1024, text.utf8.allSatisfy({ !$0.breaksLine && $0 != 0x09 }) else { return nil }
        var raw = text.utf8
        if raw.starts(with: "a=".utf8) { raw = raw.dropFirst(2) }
        if raw.starts(with: "candidate:".utf8) { raw = raw.dropFirst(10) }
        self.raw = Substring(raw).trimmedOfSpace
        var fields = SDPFields(self.raw)
        guard let foundation = fields.next(), (1...32).contains(foundation.utf8.count),
            foundation.utf8.allSatisfy({ ByteSet.ice.contains($0) }),
            let component = fields.next().flatMap({ UInt16($0) }), (1...256).contains(component),
            let transport = fields.next(), transport.utf8.allSatisfy({ ByteSet.token.contains($0) }),
            let priority = fields.next().flatMap({ UInt32($0) }),
            let address = fields.next(), address.isIPv4Literal || address.isIPv6Literal || address.isHostName,
            let port = fields.next().flatMap({ UInt16($0) }),
            fields.next() == "typ", let kind = fields.next()
        else { return nil }
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.address = address
        self.port = port
        switch kind {
        case "host": self.kind = .host
        case "srflx": self.kind = .serverReflexive
        case "prflx": self.kind = .peerReflexive
        case "relay": self.kind = .relay
        default: self.kind = .other(kind)
        }
        // Name and value, pair by pair.
        while let name = fields.next(), let value = fields.next() {
            if name == "ufrag" { self.ufrag = value }
        }
    }

    /// Whether the address is a name that only the local network can resolve, which no phone does.
    package var isMulticastDNS: Bool {
        let suffix = ".local".utf8
        return self.address.utf8.count > suffix.count
            && Substring(self.address.utf8.suffix(suffix.count)).equalsIgnoringCase(".local")
    }

    package var isUDP: Bool { self.transport.equalsIgnoringCase("udp") }

    /// Whether both are the same way to the same peer, whatever else they say (RFC 8445 §5.1.3).
    package func isSamePath(as other: ICECandidateLine) -> Bool {
        self.component == other.component && self.port == other.port && self.kind == other.kind
            && self.address == other.address && self.transport.equalsIgnoringCase(String(other.transport))
    }
}
