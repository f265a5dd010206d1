import ClientProtocol
import Testing

@Suite("Reading a client's message") struct ClientMessageReaderTests {
    @Test("Every action is read, with and without what is optional", arguments: Samples.requests.indices)
    func samples(index: Int) {
        let sample = Samples.requests[index]
        #expect(read(sample.text) == .success(sample.request))
    }

    @Test("A buffer is read where it lies") func rawBytes() throws {
        let bytes = Array(#"{"action":"hang_up","peer_id":7}"#.utf8)
        let request = try bytes.withUnsafeBytes { try ClientMessageReader.read($0) }
        #expect(request == ClientRequest(action: .hangUp(callID: nil, peerID: .number("7"))))
    }

    @Test(
        "Faulty messages give their code",
        arguments: [
            ("", .badJSON), ("{", .badJSON), ("nope", .badJSON), (#"{"action":"hang_up","peer_id":7}x"#, .badJSON),
            (#"{"action":"hang_up","peer_id":7,}"#, .badJSON), (#"{"action":"hang_up" "peer_id":7}"#, .badJSON),
            ("[]", .badMessage), ("7", .badMessage), ("null", .badMessage), (#""hang_up""#, .badMessage),
            ("{}", .badMessage),
            (#"{"action":7}"#, .badMessage), (#"{"action":null}"#, .badMessage), (#"{"action":"\ud800"}"#, .badMessage),
            (#"{"action":"START_CALL","callee_id":7}"#, .unknownAction), (#"{"action":""}"#, .unknownAction),
            (#"{"action":"start_call"}"#, .badMessage), (#"{"action":"start_call","callee_id":null}"#, .badMessage),
            (#"{"action":"start_call","callee_id":""}"#, .badMessage),
            (#"{"action":"start_call","callee_id":1.5}"#, .badMessage),
            (#"{"action":"start_call","callee_id":1e3}"#, .badMessage),
            (#"{"action":"start_call","callee_id":true}"#, .badMessage),
            (#"{"action":"start_call","callee_id":[7]}"#, .badMessage),
            (#"{"action":"start_call","callee_id":{}}"#, .badMessage),
            (#"{"action":"start_call","callee_id":"a\nb"}"#, .badMessage),
            (#"{"action":"start_call","callee_id":"a\u0085b"}"#, .badMessage),
            (#"{"action":"start_call","callee_id":"\udfff"}"#, .badMessage),
            (#"{"action":"start_call","callee_id":7,"offer":"v=0"}"#, .badMessage),
            (#"{"action":"start_call","callee_id":7,"offer":[]}"#, .badMessage),
            (#"{"action":"start_call","callee_id":7,"callee_id":8}"#, .badMessage),
            (#"{"action":"start_call","callee_id":7,"callee\u005fid":8}"#, .badMessage),
            (#"{"action":"start_call","callee_id":7,"request_id":true}"#, .badMessage),
            (#"{"action":"start_call","callee_id":7,"request_id":{}}"#, .badMessage),
            (#"{"action":"answer_call"}"#, .badMessage), (#"{"action":"answer_call","callee_id":7}"#, .badMessage),
            (#"{"action":"answer_call","call_id":null,"caller_id":null}"#, .badMessage),
            (#"{"action":"answer_call","call_id":"c1","answer":7}"#, .badMessage),
            (#"{"action":"answer_call","call_id":"c1","caller_id":""}"#, .badMessage),
            (#"{"action":"answer_call","call_id":"","caller_id":7}"#, .badMessage),
            (#"{"action":"answer_call","call_id":["c1"]}"#, .badMessage), (#"{"action":"reject_call"}"#, .badMessage),
            (#"{"action":"reject_call","caller_id":7,"reason":1}"#, .badMessage),
            (#"{"action":"cancel_call","caller_id":7}"#, .badMessage), (#"{"action":"hang_up"}"#, .badMessage),
            (#"{"action":"hang_up","call_id":false,"peer_id":7}"#, .badMessage),
            (#"{"action":"offer","callee_id":7}"#, .badMessage),
            (#"{"action":"offer","callee_id":7,"offer":null}"#, .badMessage),
            (#"{"action":"offer","callee_id":7,"offer":"x"}"#, .badMessage),
            (#"{"action":"offer","offer":{}}"#, .badMessage),
            (#"{"action":"answer","caller_id":7,"answer":[]}"#, .badMessage),
            (#"{"action":"answer","caller_id":7}"#, .badMessage),
            (#"{"action":"ice_candidate","peer_id":7}"#, .badMessage),
            (#"{"action":"ice_candidate","peer_id":7,"candidate":"candidate:1"}"#, .badMessage),
            (#"{"action":"ice_candidate","candidate":{}}"#, .badMessage),
        ] as [(String, ClientError.Code)]
    )
    func faults(text: String, code: ClientError.Code) {
        #expect(fault(text)?.code == code)
    }

    @Test(
        "Actions of a later version are said to be so",
        arguments: ["resume_session", "refresh_token"]
    )
    func plannedActions(name: String) {
        let text = #"{"action":"\#(name)","call_id":"c1","request_id":5}"#
        #expect(
            read(text)
                == .failure(
                    ClientError(
                        code: .unknownAction,
                        message: "This version does not have `\(name)` yet.",
                        action: name,
                        requestID: JSONFragment("5")
                    )
                )
        )
    }

    @Test(
        "The error echoes action and request_id as far as they could be read",
        arguments: [
            (#"{"action":"fly","request_id":"a b"}"#, "fly", #""a b""#),
            (#"{"request_id":1e2,"action":"start_call"}"#, "start_call", "1e2"),
            (#"{"request_id":"\u0031","action":"start_call"}"#, "start_call", #""\u0031""#),
            (#"{"request_id":1,"action":"start_call","callee_id":7"#, "start_call", "1"),
            (#"{"request_id":1,"request_id":2,"action":"hang_up","peer_id":7}"#, "hang_up", "1"),
            (#"{"request_id":[1],"action":"hang_up","peer_id":7}"#, "hang_up", nil),
            (#"{"request_id":null,"action":"hang_up"}"#, "hang_up", nil), (#"{"x":,"request_id":1}"#, nil, nil),
            (#"{"request_id":9,"action":5}"#, nil, "9"),
        ] as [(String, String?, String?)]
    )
    func echo(text: String, action: String?, requestID: String?) {
        let error = fault(text)
        #expect(error?.action == action)
        #expect(error?.requestID == requestID.map { JSONFragment($0) })
    }

    @Test("What is too long is not echoed") func longEcho() {
        let long = String(repeating: "x", count: 70_000)
        #expect(
            fault(#"{"action":"\#(long)","request_id":5}"#)
                == ClientError(
                    code: .unknownAction,
                    message: "",
                    requestID: JSONFragment("5")
                )
        )
        #expect(
            fault(#"{"action":"hang_up","peer_id":7,"request_id":"\#(long)"}"#)
                == ClientError(
                    code: .badMessage,
                    message: "",
                    action: "hang_up"
                )
        )
        let fitting = String(repeating: "x", count: 254)
        #expect(
            read(#"{"action":"hang_up","peer_id":7,"request_id":"\#(fitting)"}"#)
                == .success(
                    ClientRequest(
                        action: .hangUp(callID: nil, peerID: .number("7")),
                        requestID: JSONFragment(#""\#(fitting)""#)
                    )
                )
        )
    }

    @Test("Ids keep their type and all their digits, up to a limit") func ids() {
        func callee(_ json: String) -> PartyID? {
            guard case .success(let request) = read(#"{"action":"start_call","callee_id":\#(json)}"#),
                case .startCall(let calleeID, offer: nil) = request.action
            else { return nil }
            return calleeID
        }
        let digits = String(repeating: "9", count: 40)
        let text = String(repeating: "x", count: 256)
        #expect(callee("9007199254740993") == .number("9007199254740993"))
        #expect(callee(digits) == .number(digits))
        #expect(callee("-" + digits) == .number("-" + digits))
        #expect(callee(digits + "9") == nil)
        #expect(callee(String(repeating: "9", count: 60_000)) == nil)
        #expect(callee(#""7""#) == .string("7"))
        #expect(callee(#""sip:bob@example.org""#) == .string("sip:bob@example.org"))
        #expect(callee(#""\u0041\"""#) == .string("A\""))
        #expect(callee("\"\(text)\"") == .string(text))
        #expect(callee("\"\(text)x\"") == nil)
        #expect(
            callee("\"" + String(repeating: "\\u0041", count: 256) + "\"")
                == .string(String(repeating: "A", count: 256))
        )
        #expect(callee("\"" + String(repeating: "é", count: 129) + "\"") == nil)
    }

    @Test("A number given as call_id is its digits") func numericCallID() {
        #expect(
            read(#"{"action":"hang_up","call_id":12}"#)
                == .success(
                    ClientRequest(action: .hangUp(callID: "12", peerID: nil))
                )
        )
        #expect(fault(#"{"action":"hang_up","call_id":1.2}"#)?.code == .badMessage)
    }

    @Test("Unknown fields are ignored, known ones of other actions too, and order and escapes of keys do not matter")
    func tolerance() {
        let text =
            #" {"x":{"action":"no"},"p\u0065er_id":7,"offer":5,"x":1,"call_id":null,"\u0061ction":"hang\u005fup"} "#
        #expect(read(text) == .success(ClientRequest(action: .hangUp(callID: nil, peerID: .number("7")))))
    }

    @Test(
        "A rejection has a reason only where a person can have it",
        arguments: [
            ("\"busy\"", .busy), ("\"declined\"", .declined), ("\"timeout\"", .timeout),
            ("\"unavailable\"", .unavailable),
            ("\"shutting_down\"", nil), ("\"in a meeting\"", nil), ("null", nil),
        ] as [(String, ClientReason?)]
    )
    func rejections(reason: String, expected: ClientReason?) {
        #expect(
            read(#"{"action":"reject_call","caller_id":7,"reason":\#(reason)}"#)
                == .success(
                    ClientRequest(action: .rejectCall(callID: nil, callerID: .number("7"), reason: expected))
                )
        )
    }

    @Test("Fragments keep every byte between their braces") func fragments() {
        let odd = "{\t\"sdp\" :\"a\\u000d\\/\\ud800 \u{2028}é😀\",\r\n \"n\":[ -0.0E+00 ,{ } ]  , \"type\":\"offer\"\n}"
        #expect(
            read("{\"action\":\"offer\",\"callee_id\":7,\"offer\" : \(odd) }")
                == .success(
                    ClientRequest(action: .offer(callID: nil, peerID: .number("7"), offer: JSONFragment(odd)))
                )
        )
        let big = #"{"type":"offer","sdp":""# + String(repeating: "a=x\\r\\n", count: 9_000) + #""}"#
        #expect(
            read(#"{"action":"offer","callee_id":7,"offer":\#(big)}"#)
                == .success(
                    ClientRequest(action: .offer(callID: nil, peerID: .number("7"), offer: JSONFragment(big)))
                )
        )
    }
}
