import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("What ICE says in descriptions, and kinds of datagrams") struct ICETextTests {
    @Test("Credentials are ice-chars, six bits of each random byte") func credentials() throws {
        let first = ICECredentials(random: (0..<32).map { UInt8($0) })
        #expect(first == ICECredentials(ufrag: "ABCDEFGH", password: "IJKLMNOPQRSTUVWXYZabcdef"))
        let last = ICECredentials(random: (0..<32).map { UInt8(255 - $0) })
        #expect(last == ICECredentials(ufrag: "/+987654", password: "3210zyxwvutsrqponmlkjihg"))
        #expect(ICEUfragKey(first.ufrag) == ICEUfragKey(ours: first))
        #expect(ICEUfragKey("ABCDEFG") == nil && ICEUfragKey("ABCDEFGHI") == nil)
        #expect(
            ICEUfragKey("ABCDEFGH") != ICEUfragKey("ABCDEFGI") && ICEUfragKey("ABCDEFGH") != ICEUfragKey("BBCDEFGH")
        )
    }

    private static func kind(_ bytes: [UInt8]) -> DatagramKind { DatagramKind(bytes.span) }

    @Test("The first byte tells the kind of each datagram, and the second RTCP from RTP") func kinds() {
        for first in UInt8.min...UInt8.max {
            let kind = Self.kind([first, 0])
            let expected: DatagramKind =
                switch first {
                case 0, 1, 2, 3: .stun
                case 20...63: .dtls
                case 128...191: .rtp
                default: .other
                }
            #expect(kind == expected, "first byte \(first)")
        }
        for second in UInt8.min...UInt8.max {
            // SR, RR, SDES, BYE, APP and the feedback messages among them; RTP with a marker outside.
            #expect(Self.kind([0x80, second]) == ((192...223).contains(second) ? .rtcp : .rtp))
        }
        #expect(Self.kind([]) == .other)
        #expect(Self.kind([0x80]) == .other)
    }
}
