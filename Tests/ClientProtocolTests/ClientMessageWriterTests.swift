import ClientProtocol
import Testing

@Suite("Writing a message to a client") struct ClientMessageWriterTests {
    @Test(
        "The words are those of the user's page",
        arguments: [
            (
                .incomingCall(callID: "c1", callerID: .number("7"), callerUsername: "bob", offer: nil),
                #"{"type":"incoming_call","call_id":"c1","caller_id":7,"caller_username":"bob"}"#
            ),
            (
                .incomingCall(callID: "c1", callerID: .string("7"), callerUsername: "bob", offer: JSONFragment("{ }")),
                #"{"type":"incoming_call","call_id":"c1","caller_id":"7","caller_username":"bob","offer":{ }}"#
            ),
            (
                .callAnswered(callID: "c1", calleeID: .number("7")),
                #"{"type":"call_answered","call_id":"c1","callee_id":7}"#
            ),
            (
                .callOffer(callID: "c1", callerID: .number("7"), offer: JSONFragment(#"{"a" :1}"#)),
                #"{"type":"call_offer","call_id":"c1","caller_id":7,"offer":{"a" :1}}"#
            ),
            (
                .callAnswer(callID: "c1", calleeID: .number("7"), answer: JSONFragment(#"{"a" :1}"#)),
                #"{"type":"call_answer","call_id":"c1","callee_id":7,"answer":{"a" :1}}"#
            ),
            (
                .iceCandidate(callID: "c1", senderID: .number("7"), candidate: JSONFragment("null")),
                #"{"type":"ice_candidate","call_id":"c1","sender_id":7,"candidate":null}"#
            ),
            (
                .callHangedUp(callID: "c1", hangedUpBy: .number("7"), reason: .hungUp, sipStatus: nil),
                #"{"type":"call_hanged_up","call_id":"c1","hanged_up_by":7,"reason":"hung_up"}"#
            ),
            (
                .callRejected(callID: "c1", calleeID: .string("600"), reason: .busy, sipStatus: 486),
                #"{"type":"call_rejected","call_id":"c1","callee_id":"600","reason":"busy","sip_status":486}"#
            ),
            (
                .callCancelled(callID: "c1", callerID: .number("7"), reason: .answeredElsewhere, sipStatus: nil),
                #"{"type":"call_cancelled","call_id":"c1","caller_id":7,"reason":"answered_elsewhere"}"#
            ),
            (
                .callFailed(callID: "c1", calleeID: .number("7"), reason: .routeDown, sipStatus: 65535),
                #"{"type":"call_failed","call_id":"c1","callee_id":7,"reason":"route_down","sip_status":65535}"#
            ),
            (
                .session(ClientSession(sessionID: "s", userID: .number("7"), iceServers: JSONFragment("[]"))),
                #"{"type":"session","session_id":"s","user_id":7,"ice_servers":[],"calls":[]}"#
            ),
            (
                .callStarted(callID: "c1", calleeID: .number("7"), requestID: JSONFragment("1.0")),
                #"{"type":"call_started","call_id":"c1","callee_id":7,"request_id":1.0}"#
            ),
            (
                .callRinging(callID: "c1", calleeID: .number("7"), earlyMedia: true),
                #"{"type":"call_ringing","call_id":"c1","callee_id":7,"early_media":true}"#
            ),
            (.ok(requestID: JSONFragment(#""r""#)), #"{"type":"ok","request_id":"r"}"#),
            (
                .error(
                    ClientError(
                        code: .wrongState,
                        message: "No.",
                        action: "offer",
                        requestID: JSONFragment(#""r""#)
                    )
                ),
                #"{"type":"error","code":"wrong_state","message":"No.","action":"offer","request_id":"r"}"#
            ),
        ] as [(ClientEvent, String)]
    )
    func words(event: ClientEvent, message: String) {
        #expect(event.message == message)
    }

    @Test("Text is escaped where JSON asks for it, and nowhere else") func escapes() {
        let controls = String(decoding: Array(UInt8(0)..<0x20), as: UTF8.self)
        #expect(
            ClientEvent.callAnswered(callID: controls, calleeID: .string("\"\\/\u{7F}\u{2028}é😀")).message
                == #"{"type":"call_answered","call_id":"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r"#
                + #"\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f","#
                + #""callee_id":"\"\\/"# + "\u{7F}\u{2028}é😀\"}"
        )
    }

    @Test("What is written is appended") func appending() {
        var bytes: [UInt8] = [1, 2]
        ClientMessageWriter.write(.ok(requestID: JSONFragment("3")), into: &bytes)
        #expect(bytes == [1, 2] + Array(#"{"type":"ok","request_id":3}"#.utf8))
    }

    @Test("Numbers are written whole", arguments: [0, 1, 9, 10, 99, 100, 486, 1_000_000_007, UInt64.max])
    func numbers(number: UInt64) {
        var bytes: [UInt8] = []
        JSONOutput.append(number: number, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "\(number)")
    }
}
