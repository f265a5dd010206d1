import ClientProtocol
import Testing

@Suite("Session descriptions and candidates") struct WebRTCFragmentTests {
    @Test("A session description is read, its escapes resolved") func description() throws {
        let fragment = JSONFragment(#" { "x":{"sdp":1}, "sdp" : "v=0\r\ns=\u00e9\/\r\n" , "type":"off\u0065r" } "#)
        let description = try fragment.sessionDescription()
        #expect(description.type == "offer")
        #expect(String(decoding: description.sdp, as: UTF8.self) == "v=0\r\ns=é/\r\n")
    }

    @Test(
        "What is no session description is a bad_message",
        arguments: [
            "", "null", "[]", "7", "{}", #"{"type":"offer"}"#, #"{"sdp":"v=0"}"#, #"{"type":7,"sdp":"v=0"}"#,
            #"{"type":"offer","sdp":null}"#, #"{"type":"offer","sdp":["v=0"]}"#, #"{"type":"offer","sdp":""}"#,
            #"{"type":"","sdp":"v=0"}"#, #"{"type":"offer","sdp":"\ud800"}"#, #"{"type":"offer","sdp":"v=0""#,
            #"{"type":"offer","sdp":"v=0","sdp":"v=1"}"#,
        ]
    )
    func badDescription(text: String) {
        #expect(throws: ClientError.self) { try JSONFragment(text).sessionDescription() }
        do {
            _ = try JSONFragment(text).sessionDescription()
        } catch {
            #expect(error.code == .badMessage)
        }
    }

    @Test("A session description that is written is read as it was") func descriptionRoundTrip() throws {
        let sdp = Array("v=0\r\ns=\"é\\\t\u{1}😀\r\n".utf8)
        let fragment = JSONFragment.sessionDescription(type: "answer", sdp: sdp)
        #expect(fragment.text == #"{"type":"answer","sdp":"v=0\r\ns=\"é\\\t\u0001😀\r\n"}"#)
        let description = try fragment.sessionDescription()
        #expect(description.type == "answer")
        #expect(description.sdp == sdp)
    }

    @Test(
        "A candidate is read; null, an empty and a missing one end the candidates",
        arguments: [
            (
                #"{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":65535,"usernameFragment":"uF"}"#,
                CandidateInit(
                    candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host",
                    sdpMid: "0",
                    sdpMLineIndex: 65535,
                    usernameFragment: "uF"
                )
            ),
            (
                #"{"candidate":"candidate:1","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":null}"#,
                CandidateInit(candidate: "candidate:1")
            ),
            (#"{"candidate":"","sdpMid":"0"}"#, nil), ("null", nil), (" null ", nil), ("{}", nil),
            (#"{"candidate":null}"#, nil),
        ] as [(String, CandidateInit?)]
    )
    func candidate(text: String, expected: CandidateInit?) throws {
        #expect(try JSONFragment(text).candidate() == expected)
    }

    @Test(
        "What is no candidate is a bad_message",
        arguments: [
            "", "nul", "nullx", "7", "[]", #""candidate:1""#, #"{"candidate":7}"#, #"{"candidate":"c","sdpMid":0}"#,
            #"{"candidate":"c","sdpMLineIndex":"0"}"#, #"{"candidate":"c","sdpMLineIndex":-1}"#,
            #"{"candidate":"c","sdpMLineIndex":65536}"#, #"{"candidate":"c","sdpMLineIndex":0.5}"#,
            #"{"candidate":"c","sdpMLineIndex":99999999999999999999}"#, #"{"candidate":"c","usernameFragment":{}}"#,
            #"{"candidate":"c","candidate":"d"}"#, #"{"candidate":"\ud800"}"#,
        ]
    )
    func badCandidate(text: String) {
        do {
            _ = try JSONFragment(text).candidate()
            Issue.record("taken: \(text)")
        } catch {
            #expect(error.code == .badMessage)
        }
    }

    @Test("A candidate that is written is read as it was") func candidateRoundTrip() throws {
        let candidate = CandidateInit(candidate: "candidate:\"1", sdpMid: "a", sdpMLineIndex: 3, usernameFragment: "u")
        #expect(try JSONFragment.candidate(candidate).candidate() == candidate)
        #expect(JSONFragment.candidate(nil).text == #"{"candidate":""}"#)
        #expect(try JSONFragment.candidate(nil).candidate() == nil)
    }
}
