/// Texts by MESSAGE (RFC 3428): each stands by itself; a peer's may come within a session, too.
extension SIPUserAgent {
    /// The most that a peer's text may hold, in bytes.
    private static let largestText = 4096
    private static let acceptsText = SIPHeaders.Field("Accept", "text/plain")

    // MARK: Ours

    /// Sends a text; `messageAnswered` tells what became of it.
    ///
    /// - Parameters:
    ///   - text: 1300 bytes of UTF-8 with all header fields are the most that should go by UDP (RFC 3428 §8).
    ///   - order: where to and in whose name, as for an INVITE; its offer and its time to try mean nothing.
    ///   - now: the time.
    /// - Returns: the text's identifier.
    package func sendMessage(_ text: String, by order: InviteOrder, now: Instant) -> MessageID {
        let key = Dialog.Key(callID: self.tokens.callID(), localTag: self.tokens.tag())
        let message = OutgoingMessage(id: self.nextMessageID(), order: order, text: text, key: key)
        self.send(message, now: now)
        return message.id
    }

    private func send(_ message: OutgoingMessage, now: Instant) {
        let order = message.order
        var headers = SIPHeaders(
            from: order.from,
            to: order.to,
            callID: message.key.callID,
            cSeq: CSeq(message.cSeq, .message),
            maxForwards: order.maxForwards,
            route: order.route,
            contentType: "text/plain;charset=UTF-8",
            fields: order.fields
        )
        headers.from.tag = message.key.localTag
        headers.to.tag = nil
        headers.fields.share(self.ownFields.request)
        var request = SIPRequest(
            method: .message,
            uri: order.uri,
            headers: consume headers,
            body: Array(message.text.utf8)
        )
        self.authorize(&request, with: &message.digest)
        let hop = Dialog.Hop(target: order.target, preferring: order.flow)
        guard self.send(consume request, to: hop, purpose: .message(message), now: now) else {
            self.actions.append(.messageAnswered(message.id, status: 503))
            return
        }
    }

    /// A text of ours has its final response.
    func messageAnswered(_ message: OutgoingMessage, _ response: SIPResponse, now: Instant) {
        if response.isChallenge, message.digest?.receivedChallenge(response) == true {
            message.cSeq += 1
            self.send(message, now: now)
            return
        }
        self.actions.append(.messageAnswered(message.id, status: response.status))
    }

    /// A text of ours found nobody.
    func messageLost(_ message: OutgoingMessage, isTimeout: Bool) {
        self.actions.append(.messageAnswered(message.id, status: isTimeout ? 408 : 503))
    }

    // MARK: The peer's

    /// What there is against the body of a MESSAGE: a status, and the fields that go with it.
    static func objection(toText request: SIPRequest) -> (UInt16, [SIPHeaders.Field])? {
        guard request.headers.holdsPlainText else { return (415, [Self.acceptsText]) }
        if let encoding = request.headers["Content-Encoding"], !encoding.equalsIgnoringCase("identity") {
            return (415, [SIPHeaders.Field("Accept-Encoding", "identity")])
        }
        if request.body.count > Self.largestText { return (413, []) }
        return request.body.isEmpty ? (400, []) : nil
    }

    /// A MESSAGE came that nothing is to be said against but by the call side.
    func received(
        message request: SIPRequest,
        from sender: Sender,
        in session: Session?,
        key: ServerTransactionKey,
        mergeKey: MergeKey?,
        flow: SIPFlow,
        now: Instant
    ) {
        guard let text = String(validating: request.body, as: UTF8.self), session?.isSilent != true else {
            self.reject(request, session == nil ? 400 : 481, key: key, mergeKey: mergeKey, flow: flow, now: now)
            return
        }
        let id = self.nextMessageID()
        self.receivedMessages[id] = self.open(request, key: key, mergeKey: mergeKey, flow: flow)
        let message = IncomingMessage(
            request: request,
            flow: flow,
            phone: sender.phone,
            session: session?.id,
            text: text
        )
        self.actions.append(.message(id, message))
    }

    /// Answers a peer's text: 200 where it has been handed on, else why it has not.
    package func answerMessage(_ id: MessageID, status: UInt16, now: Instant) {
        guard let received = self.receivedMessages.removeValue(forKey: id) else { return }
        let tag = received.request.headers.to.tag == nil ? self.tokens.tag() : nil
        let status = status == 200 ? 200 : Self.refusal(status)
        self.respond(self.response(status, to: received.request, tag: tag), to: received, now: now)
    }
}

extension SIPHeaders {
    /// Whether Content-Type is `text/plain` in UTF-8, of which ASCII is a part.
    fileprivate var holdsPlainText: Bool {
        guard let type = self.contentType else { return false }
        let parts = type.split(separator: ";", maxSplits: 16).map { $0.trimmedOfSpace }
        guard let name = parts.first, name.equalsIgnoringCase("text/plain") else { return false }
        return parts.dropFirst().allSatisfy { part in
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmedOfSpace }
            guard pair.count == 2, pair[0].equalsIgnoringCase("charset") else { return true }
            let charset = pair[1].filter { $0 != "\"" }
            return charset.equalsIgnoringCase("utf-8") || charset.equalsIgnoringCase("us-ascii")
        }
    }
}
