import MediaCore
import SIPCore
import Testing

@Suite("The candidates of an endpoint")
struct MediaEndpointCandidatesTests {
    @Test("Each address is a host candidate, the first the best, and one host has one foundation") func candidates()
        throws
    {
        let endpoint = MediaEndpoint(addresses: [
            MediaAddress(ipv4: 0xC000_0201, port: 5_000),
            MediaAddress(ipv6: 0x2001_0DB8_0000_0000, 1, port: 5_000),
            MediaAddress(ipv4: 0, port: 5_000),
            MediaAddress(ipv4: 0xC000_0201, port: 0),
            MediaAddress(ipv4: 0xC000_0201, port: 5_002),
        ])
        #expect(
            endpoint.candidateLines == [
                "1 1 udp 2130706431 192.0.2.1 5000 typ host",
                "2 1 udp 2130706175 2001:db8:0:0:0:0:0:1 5000 typ host",
                "1 1 udp 2130705407 192.0.2.1 5002 typ host",
            ]
        )
        for line in endpoint.candidateLines {
            let candidate = try #require(ICECandidateLine(line))
            #expect(candidate.kind == .host && candidate.component == 1 && candidate.isUDP)
        }
    }
}
