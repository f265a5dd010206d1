/// The members of a client's message that mean something, found but not yet read.
struct ClientMessageFields {
    /// The names that this version knows.
    enum Field: String, CaseIterable {
        case action
        case requestID = "request_id"
        case callID = "call_id"
        case calleeID = "callee_id"
        case callerID = "caller_id"
        case peerID = "peer_id"
        case offer
        case answer
        case candidate
        case reason
        case digits
        case duration = "duration_ms"
        case text
        case target
        case withCallID = "with_call_id"

        /// The field that a member's key names, however it is escaped.
        init?(_ key: JSONValue, in bytes: Span<UInt8>) {
            func says(_ name: StaticString) -> Bool { JSONText.says(key, in: bytes, name) }
            if says("action") {
                self = .action
            } else if says("callee_id") {
                self = .calleeID
            } else if says("caller_id") {
                self = .callerID
            } else if says("peer_id") {
                self = .peerID
            } else if says("call_id") {
                self = .callID
            } else if says("offer") {
                self = .offer
            } else if says("answer") {
                self = .answer
            } else if says("candidate") {
                self = .candidate
            } else if says("request_id") {
                self = .requestID
            } else if says("reason") {
                self = .reason
            } else if says("digits") {
                self = .digits
            } else if says("duration_ms") {
                self = .duration
            } else if says("text") {
                self = .text
            } else if says("target") {
                self = .target
            } else if says("with_call_id") {
                self = .withCallID
            } else {
                return nil
            }
        }
    }

    /// Bytes of a `request_id` that are echoed; a longer one is refused.
    static let maximumRequestIDBytes = 256
    /// Bytes of an `action` that are echoed.
    static let maximumActionBytes = 64

    private var action: JSONValue?
    private var requestID: JSONValue?
    private var callID: JSONValue?
    private var calleeID: JSONValue?
    private var callerID: JSONValue?
    private var peerID: JSONValue?
    private var offer: JSONValue?
    private var answer: JSONValue?
    private var candidate: JSONValue?
    private var reason: JSONValue?
    private var digits: JSONValue?
    private var duration: JSONValue?
    private var text: JSONValue?
    private var target: JSONValue?
    private var withCallID: JSONValue?
    /// The first field that came a second time.
    private(set) var duplicate: Field?

    /// Keeps the first value of a field, and notes a second one as a fault.
    mutating func note(_ field: Field, _ value: JSONValue) {
        if self[field] == nil {
            self[field] = value
        } else if self.duplicate == nil {
            self.duplicate = field
        }
    }

    subscript(field: Field) -> JSONValue? {
        get {
            switch field {
            case .action: self.action
            case .requestID: self.requestID
            case .callID: self.callID
            case .calleeID: self.calleeID
            case .callerID: self.callerID
            case .peerID: self.peerID
            case .offer: self.offer
            case .answer: self.answer
            case .candidate: self.candidate
            case .reason: self.reason
            case .digits: self.digits
            case .duration: self.duration
            case .text: self.text
            case .target: self.target
            case .withCallID: self.withCallID
            }
        }
        set {
            switch field {
            case .action: self.action = newValue
            case .requestID: self.requestID = newValue
            case .callID: self.callID = newValue
            case .calleeID: self.calleeID = newValue
            case .callerID: self.callerID = newValue
            case .peerID: self.peerID = newValue
            case .offer: self.offer = newValue
            case .answer: self.answer = newValue
            case .candidate: self.candidate = newValue
            case .reason: self.reason = newValue
            case .digits: self.digits = newValue
            case .duration: self.duration = newValue
            case .text: self.text = newValue
            case .target: self.target = newValue
            case .withCallID: self.withCallID = newValue
            }
        }
    }
}

// MARK: - The request

extension ClientMessageFields {
    /// Actions of the extended profile that a later version will have (gateway-profile §4).
    static let plannedActions = [
        "resume_session", "refresh_token",
    ]

    /// The request that the fields make.
    func request(in bytes: Span<UInt8>) throws(ClientError) -> ClientRequest {
        let requestID = self.echoedRequestID(in: bytes)
        if requestID == nil, let value = self.requestID, value.kind != .null {
            throw self.error(.badMessage, "`request_id` is not a string or a number of at most 256 bytes.", in: bytes)
        }
        return ClientRequest(action: try self.clientAction(in: bytes), requestID: requestID)
    }

    private func clientAction(in bytes: Span<UInt8>) throws(ClientError) -> ClientAction {
        guard let value = self.action, let name = JSONText.string(value, in: bytes) else {
            throw self.error(.badMessage, "`action` is missing, or not a string.", in: bytes)
        }
        switch name {
        case "start_call":
            guard let calleeID = try self.party(.calleeID, in: bytes) else {
                throw self.error(.badMessage, "`callee_id` is missing.", in: bytes)
            }
            return .startCall(calleeID: calleeID, offer: try self.object(.offer, in: bytes))
        case "answer_call":
            let (callID, peer) = try self.callAndPeer(.callerID, in: bytes)
            return .answerCall(callID: callID, callerID: peer, answer: try self.object(.answer, in: bytes))
        case "reject_call":
            let (callID, peer) = try self.callAndPeer(.callerID, in: bytes)
            return .rejectCall(callID: callID, callerID: peer, reason: try self.rejection(in: bytes))
        case "cancel_call":
            let (callID, peer) = try self.callAndPeer(.calleeID, in: bytes)
            return .cancelCall(callID: callID, calleeID: peer)
        case "hang_up":
            let (callID, peer) = try self.callAndPeer(.peerID, in: bytes)
            return .hangUp(callID: callID, peerID: peer)
        case "offer":
            let (callID, peer) = try self.callAndPeer(.calleeID, in: bytes)
            return .offer(callID: callID, peerID: peer, offer: try self.neededObject(.offer, in: bytes))
        case "answer":
            let (callID, peer) = try self.callAndPeer(.callerID, in: bytes)
            return .answer(callID: callID, peerID: peer, answer: try self.neededObject(.answer, in: bytes))
        case "ice_candidate":
            let (callID, peer) = try self.callAndPeer(.peerID, in: bytes)
            guard let value = self.candidate, value.kind == .object || value.kind == .null else {
                throw self.error(.badMessage, "`candidate` is missing, or neither an object nor null.", in: bytes)
            }
            let candidate = JSONFragment(utf8: JSONText.copy(bytes, value.range))
            return .iceCandidate(callID: callID, peerID: peer, candidate: candidate)
        case "hold", "resume":
            let (callID, peer) = try self.callAndPeer(.peerID, in: bytes)
            return name == "hold" ? .hold(callID: callID, peerID: peer) : .resume(callID: callID, peerID: peer)
        case "dtmf":
            let (callID, peer) = try self.callAndPeer(.peerID, in: bytes)
            return .dtmf(
                callID: callID,
                peerID: peer,
                digits: try self.dialledDigits(in: bytes),
                milliseconds: try self.digitMilliseconds(in: bytes)
            )
        case "transfer":
            let (callID, peer) = try self.callAndPeer(.peerID, in: bytes)
            return .transfer(callID: callID, peerID: peer, to: try self.transferTarget(in: bytes))
        case "send_message":
            guard let peer = try self.party(.peerID, in: bytes) else {
                throw self.error(.badMessage, "`peer_id` is missing.", in: bytes)
            }
            return .sendMessage(peerID: peer, text: try self.messageText(in: bytes))
        default:
            guard !Self.plannedActions.contains(name) else {
                throw self.error(.unknownAction, "This version does not have `\(name)` yet.", in: bytes)
            }
            throw self.error(.unknownAction, "There is no such action.", in: bytes)
        }
    }

    /// `call_id` and the id of the peer; at least one of them is there.
    private func callAndPeer(
        _ field: Field,
        in bytes: Span<UInt8>
    ) throws(ClientError) -> (callID: String?, peer: PartyID?) {
        // A server's call ids are strings; the digits of a number name no call, and the answer will say so.
        let callID = try self.party(.callID, in: bytes)?.text
        let peer = try self.party(field, in: bytes)
        guard callID != nil || peer != nil else {
            throw self.error(.badMessage, "`\(field.rawValue)` and `call_id` are both missing.", in: bytes)
        }
        return (callID, peer)
    }

    /// An id; nil where it is missing or null.
    private func party(_ field: Field, in bytes: Span<UInt8>) throws(ClientError) -> PartyID? {
        guard let value = self[field], value.kind != .null else { return nil }
        guard let party = PartyID(value, in: bytes) else {
            throw self.error(
                .badMessage,
                """
                `\(field.rawValue)` is not an id: a string of 1 to \(PartyID.maximumBytes) bytes without control \
                characters, or an integer of at most \(PartyID.maximumDigits) digits.
                """,
                in: bytes
            )
        }
        return party
    }

    /// An object, byte for byte; nil where it is missing or null.
    private func object(_ field: Field, in bytes: Span<UInt8>) throws(ClientError) -> JSONFragment? {
        guard let value = self[field], value.kind != .null else { return nil }
        guard value.kind == .object else {
            throw self.error(.badMessage, "`\(field.rawValue)` is not an object.", in: bytes)
        }
        return JSONFragment(utf8: JSONText.copy(bytes, value.range))
    }

    private func neededObject(_ field: Field, in bytes: Span<UInt8>) throws(ClientError) -> JSONFragment {
        guard let object = try self.object(field, in: bytes) else {
            throw self.error(.badMessage, "`\(field.rawValue)` is missing.", in: bytes)
        }
        return object
    }

    /// The digits of a `dtmf`: what a telephone's keys are.
    private func dialledDigits(in bytes: Span<UInt8>) throws(ClientError) -> String {
        guard let value = self.digits, let digits = JSONText.string(value, in: bytes),
            (1...ClientAction.maximumDigits).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ ClientAction.keys.contains($0) })
        else {
            throw self.error(
                .badMessage,
                "`digits` is not a string of 1 to \(ClientAction.maximumDigits) of 0-9, *, #, A-D.",
                in: bytes
            )
        }
        return digits
    }

    /// Whom a `transfer` is to: one of `target` and `with_call_id`.
    private func transferTarget(in bytes: Span<UInt8>) throws(ClientError) -> ClientAction.TransferTarget {
        switch (try self.party(.target, in: bytes), try self.party(.withCallID, in: bytes)) {
        case (let target?, nil): return .party(target)
        case (nil, let call?): return .call(call.text)
        case (nil, nil), (.some, .some):
            throw self.error(.badMessage, "One of `target` and `with_call_id` is needed.", in: bytes)
        }
    }

    /// The text of a `send_message`.
    private func messageText(in bytes: Span<UInt8>) throws(ClientError) -> String {
        guard let value = self.text, let text = JSONText.string(value, in: bytes),
            (1...ClientAction.maximumTextBytes).contains(text.utf8.count)
        else {
            throw self.error(
                .badMessage,
                "`text` is not a string of 1 to \(ClientAction.maximumTextBytes) bytes.",
                in: bytes
            )
        }
        return text
    }

    /// How long each digit sounds, in milliseconds; 100 where the message does not say.
    private func digitMilliseconds(in bytes: Span<UInt8>) throws(ClientError) -> UInt32 {
        guard let value = self.duration, value.kind != .null else { return 100 }
        guard value.kind == .number(integer: true), value.range.count <= 5,
            let milliseconds = UInt32(JSONText.string(bytes, value.range)),
            ClientAction.digitMilliseconds.contains(milliseconds)
        else {
            throw self.error(.badMessage, "`duration_ms` is not an integer from 40 to 6000.", in: bytes)
        }
        return milliseconds
    }

    /// The reason of a `reject_call`, where it is one that a person can have; other words mean a plain rejection.
    private func rejection(in bytes: Span<UInt8>) throws(ClientError) -> ClientReason? {
        guard let value = self.reason, value.kind != .null else { return nil }
        guard value.stringContent != nil else {
            throw self.error(.badMessage, "`reason` is not a string.", in: bytes)
        }
        for reason in ClientReason.rejections where JSONText.string(value, in: bytes) == reason.rawValue {
            return reason
        }
        return nil
    }
}

// MARK: - The error

extension ClientMessageFields {
    /// An error that echoes what could be read of `action` and `request_id`.
    func error(_ code: ClientError.Code, _ message: String, in bytes: Span<UInt8>) -> ClientError {
        var action: String?
        if let value = self.action, value.range.count <= Self.maximumActionBytes + 2 {
            action = JSONText.string(value, in: bytes)
        }
        return ClientError(
            code: code,
            message: message,
            action: action,
            requestID: self.echoedRequestID(in: bytes)
        )
    }

    /// The `request_id`, byte for byte, where it is a string or a number of bearable length.
    private func echoedRequestID(in bytes: Span<UInt8>) -> JSONFragment? {
        guard let value = self.requestID, value.range.count <= Self.maximumRequestIDBytes else { return nil }
        switch value.kind {
        case .string, .number: return JSONFragment(utf8: JSONText.copy(bytes, value.range))
        case .object, .array, .bool, .null: return nil
        }
    }
}

extension ClientReason {
    /// The reasons that a client may give in `reject_call`.
    package static let rejections: [ClientReason] = [.busy, .declined, .unavailable, .timeout]
}
