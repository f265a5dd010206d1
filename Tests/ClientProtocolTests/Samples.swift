import ClientProtocol

/// One message of every kind, with and without what is optional.
enum Samples {
    /// A file of the fixtures: the schema that it must satisfy, its name, the value.
    struct Event {
        var profile: ClientProfile
        var name: String
        var event: ClientEvent
    }

    struct Request {
        var name: String
        var text: String
        var request: ClientRequest
    }

    static let offer = JSONFragment(#"{ "type":"offer",  "sdp":"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n", "x":[1e3,"é"] }"#)
    static let answer = JSONFragment(#"{"sdp":"v=0\r\n","type":"answer"}"#)
    static let candidate = JSONFragment(
        #"{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54400 typ host","sdpMid":"0","sdpMLineIndex":0}"#
    )
    static let bigNumber = "123456789012345678901234567890"

    /// One event for each case; `next` is complete because the compiler asks for every case.
    static let oneOfEach: [ClientEvent] = {
        var events: [ClientEvent] = []
        var event = Self.next(after: nil)
        while let current = event {
            events.append(current)
            event = Self.next(after: current)
        }
        return events
    }()

    private static func next(after event: ClientEvent?) -> ClientEvent? {
        switch event {
        case nil:
            .incomingCall(callID: "c1", callerID: .number("7"), callerUsername: "Zoë \"Z\"", offer: nil)
        case .incomingCall: .callAnswered(callID: "c1", calleeID: .string("1001"))
        case .callAnswered: .callOffer(callID: "c1", callerID: .number("7"), offer: Self.offer)
        case .callOffer: .callAnswer(callID: "c1", calleeID: .number(Self.bigNumber), answer: Self.answer)
        case .callAnswer: .iceCandidate(callID: "c1", senderID: .number("7"), candidate: Self.candidate)
        case .iceCandidate: .callHangedUp(callID: "c1", hangedUpBy: .number("7"), reason: .hungUp, sipStatus: nil)
        case .callHangedUp: .callRejected(callID: "c1", calleeID: .string("1001"), reason: .busy, sipStatus: 486)
        case .callRejected: .callCancelled(callID: "c1", callerID: .number("7"), reason: .cancelled, sipStatus: nil)
        case .callCancelled:
            .session(
                ClientSession(
                    sessionID: "s1",
                    userID: .number("42"),
                    iceServers: JSONFragment(#"[{"urls":["stun:stun.example.org"]}]"#),
                    calls: [
                        .init(callID: "c1", peerID: .number("7"), direction: .incoming, state: .ringing),
                        .init(callID: "c2", peerID: .string("1001"), direction: .outgoing, state: .answered),
                    ]
                )
            )
        case .session: .callStarted(callID: "c1", calleeID: .string("1001"), requestID: nil)
        case .callStarted: .callRinging(callID: "c1", calleeID: .string("1001"), earlyMedia: false)
        case .callRinging:
            .callFailed(callID: "c1", calleeID: .string("1001"), reason: .routeDown, sipStatus: nil)
        case .callFailed: .callHeld(callID: "c1")
        case .callHeld: .callResumed(callID: "c1")
        case .callResumed: .dtmfReceived(callID: "c1", digits: "5#")
        case .dtmfReceived: .callTransferred(callID: "c1", peerID: .string("1002"), peerUsername: "Desk 1002")
        case .callTransferred: .messageReceived(senderID: .string("1001"), text: "On my way, \"soon\"")
        case .messageReceived:
            .callQuality(callID: "c1", own: LegQuality(lossPerMille: 12, jitterMilliseconds: 3), other: nil)
        case .callQuality: .ok(requestID: JSONFragment("17"))
        case .ok: .error(ClientError(code: .badJSON, message: "Not JSON."))
        case .error: nil
        }
    }

    /// The types that the baseline profile does not have.
    static let extendedOnly: Set<String> = [
        "session", "call_started", "call_ringing", "call_failed", "call_held", "call_resumed", "dtmf_received",
        "call_transferred", "message_received", "call_quality", "ok",
    ]

    static let variants: [Event] = [
        Event(
            profile: .extended,
            name: "incoming_call.offer",
            event: .incomingCall(
                callID: "c1",
                callerID: .string("sip:bob@example.org"),
                callerUsername: "bob",
                offer: Self.offer
            )
        ),
        Event(
            profile: .baseline,
            name: "ice_candidate.end",
            event: .iceCandidate(callID: "c1", senderID: .number("7"), candidate: JSONFragment("null"))
        ),
        Event(
            profile: .baseline,
            name: "call_hanged_up.sip",
            event: .callHangedUp(callID: "c1", hangedUpBy: .string("1001"), reason: .sessionExpired, sipStatus: 408)
        ),
        Event(
            profile: .baseline,
            name: "call_rejected.app",
            event: .callRejected(callID: "c1", calleeID: .number("7"), reason: .declined, sipStatus: nil)
        ),
        Event(
            profile: .baseline,
            name: "call_cancelled.sip",
            event: .callCancelled(callID: "c1", callerID: .string("1001"), reason: .answeredElsewhere, sipStatus: 487)
        ),
        Event(
            profile: .extended,
            name: "call_started.request",
            event: .callStarted(callID: "c1", calleeID: .number("-7"), requestID: JSONFragment(#""é 1""#))
        ),
        Event(
            profile: .extended,
            name: "call_ringing.early",
            event: .callRinging(callID: "c1", calleeID: .string("1001"), earlyMedia: true)
        ),
        Event(
            profile: .extended,
            name: "call_failed.sip",
            event: .callFailed(callID: "c1", calleeID: .string("1001"), reason: .notFound, sipStatus: 404)
        ),
        Event(
            profile: .extended,
            name: "call_quality.both",
            event: .callQuality(
                callID: "c1",
                own: LegQuality(
                    lossPerMille: 1000,
                    peerLossPerMille: 4,
                    jitterMilliseconds: 40,
                    roundTripMilliseconds: 120,
                    isSilent: true
                ),
                other: LegQuality()
            )
        ),
        Event(
            profile: .extended,
            name: "call_quality.other",
            event: .callQuality(callID: "c1", own: nil, other: LegQuality(lossPerMille: 1, jitterMilliseconds: 2))
        ),
        Event(
            profile: .baseline,
            name: "error.full",
            event: .error(
                ClientError(
                    code: .notYourCall,
                    message: "Not yours.",
                    action: "hang_up",
                    requestID: JSONFragment(#""r1""#)
                )
            )
        ),
    ]

    /// Every event that a server of either profile says.
    static let events: [Event] = {
        let plain = Self.oneOfEach.map { event in
            Event(
                profile: Self.extendedOnly.contains(event.name) ? .extended : .baseline,
                name: event.name,
                event: event
            )
        }
        return plain + Self.variants
    }()

    static let requests: [Request] = [
        Request(
            name: "start_call",
            text: #"{"action":"start_call","callee_id":7}"#,
            request: ClientRequest(action: .startCall(calleeID: .number("7"), offer: nil))
        ),
        Request(
            name: "start_call.offer",
            text: #"{"action":"start_call","callee_id":"+15551234567","request_id":"r1","offer":\#(Self.offer.text)}"#,
            request: ClientRequest(
                action: .startCall(calleeID: .string("+15551234567"), offer: Self.offer),
                requestID: JSONFragment(#""r1""#)
            )
        ),
        Request(
            name: "answer_call",
            text: #"{"action":"answer_call","call_id":"c1","caller_id":7}"#,
            request: ClientRequest(action: .answerCall(callID: "c1", callerID: .number("7"), answer: nil))
        ),
        Request(
            name: "answer_call.answer",
            text: #"{"action":"answer_call","call_id":"c1","request_id":1.5e3,"answer":\#(Self.answer.text)}"#,
            request: ClientRequest(
                action: .answerCall(callID: "c1", callerID: nil, answer: Self.answer),
                requestID: JSONFragment("1.5e3")
            )
        ),
        Request(
            name: "reject_call",
            text: #"{"action":"reject_call","call_id":"c1","caller_id":7}"#,
            request: ClientRequest(action: .rejectCall(callID: "c1", callerID: .number("7"), reason: nil))
        ),
        Request(
            name: "reject_call.busy",
            text: #"{"action":"reject_call","caller_id":7,"reason":"busy"}"#,
            request: ClientRequest(action: .rejectCall(callID: nil, callerID: .number("7"), reason: .busy))
        ),
        Request(
            name: "cancel_call",
            text: #"{"action":"cancel_call","call_id":null,"callee_id":"1001"}"#,
            request: ClientRequest(action: .cancelCall(callID: nil, calleeID: .string("1001")))
        ),
        Request(
            name: "hang_up",
            text: #"{"action":"hang_up","peer_id":\#(Self.bigNumber),"call_id":"c1"}"#,
            request: ClientRequest(action: .hangUp(callID: "c1", peerID: .number(Self.bigNumber)))
        ),
        Request(
            name: "hold",
            text: #"{"action":"hold","call_id":"c1","request_id":1}"#,
            request: ClientRequest(action: .hold(callID: "c1", peerID: nil), requestID: JSONFragment("1"))
        ),
        Request(
            name: "resume",
            text: #"{"action":"resume","peer_id":7}"#,
            request: ClientRequest(action: .resume(callID: nil, peerID: .number("7")))
        ),
        Request(
            name: "dtmf",
            text: #"{"action":"dtmf","call_id":"c1","digits":"12#A"}"#,
            request: ClientRequest(action: .dtmf(callID: "c1", peerID: nil, digits: "12#A", milliseconds: 100))
        ),
        Request(
            name: "dtmf.duration",
            text: #"{"action":"dtmf","call_id":"c1","digits":"5","duration_ms":250}"#,
            request: ClientRequest(action: .dtmf(callID: "c1", peerID: nil, digits: "5", milliseconds: 250))
        ),
        Request(
            name: "transfer",
            text: #"{"action":"transfer","call_id":"c1","target":"1002","request_id":"t1"}"#,
            request: ClientRequest(
                action: .transfer(callID: "c1", peerID: nil, to: .party(.string("1002"))),
                requestID: JSONFragment(#""t1""#)
            )
        ),
        Request(
            name: "transfer.attended",
            text: #"{"action":"transfer","peer_id":7,"with_call_id":"c2","target":null}"#,
            request: ClientRequest(action: .transfer(callID: nil, peerID: .number("7"), to: .call("c2")))
        ),
        Request(
            name: "send_message",
            text: #"{"action":"send_message","peer_id":7,"text":"Caf\u00e9\n?","request_id":"m1"}"#,
            request: ClientRequest(
                action: .sendMessage(peerID: .number("7"), text: "Café\n?"),
                requestID: JSONFragment(#""m1""#)
            )
        ),
        Request(
            name: "offer",
            text: #"{"action":"offer","callee_id":7,"offer":\#(Self.offer.text)}"#,
            request: ClientRequest(action: .offer(callID: nil, peerID: .number("7"), offer: Self.offer))
        ),
        Request(
            name: "answer",
            text: #"{"action":"answer","caller_id":7,"answer":\#(Self.answer.text)}"#,
            request: ClientRequest(action: .answer(callID: nil, peerID: .number("7"), answer: Self.answer))
        ),
        Request(
            name: "ice_candidate",
            text: #"{"action":"ice_candidate","peer_id":7,"candidate":\#(Self.candidate.text)}"#,
            request: ClientRequest(action: .iceCandidate(callID: nil, peerID: .number("7"), candidate: Self.candidate))
        ),
        Request(
            name: "ice_candidate.end",
            text: #"{"action":"ice_candidate","peer_id":7,"candidate":null}"#,
            request: ClientRequest(
                action: .iceCandidate(callID: nil, peerID: .number("7"), candidate: JSONFragment("null"))
            )
        ),
    ]
}

extension JSONFragment {
    init(_ text: String) { self.init(utf8: Array(text.utf8)) }

    var text: String { String(decoding: self.utf8, as: UTF8.self) }
}

extension ClientEvent {
    /// The message, as the writer makes it.
    var message: String {
        var bytes: [UInt8] = []
        ClientMessageWriter.write(self, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What the reader makes of a message.
func read(_ bytes: [UInt8]) -> Result<ClientRequest, ClientError> {
    do {
        return .success(try ClientMessageReader.read(bytes.span))
    } catch {
        return .failure(error)
    }
}

func read(_ text: String) -> Result<ClientRequest, ClientError> { read(Array(text.utf8)) }

/// The error without its sentence, which is for people.
func fault(_ text: String) -> ClientError? {
    guard case .failure(var error) = read(text) else { return nil }
    error.message = ""
    return error
}
