/// INVITEs that are to take the place of a dialog that we have (RFC 3891 §3).
extension SIPUserAgent {
    /// What is meant by a Replaces that came.
    package enum Replaced: Hashable, Sendable {
        /// An answered session, whoever opened it.
        case established(SessionID)
        /// One that we have opened, and that has no final response yet.
        case ringing(SessionID)
        /// One that is over.
        case over
        /// Nothing that could be replaced, or the tags are wrong.
        case unknown
    }

    /// The session that those words mean, where they come from a peer.
    package func replaced(by replaces: Replaces) -> Replaced {
        guard let session = self.dialogs[replaces.key] else {
            return self.endedDialogs.holds(replaces) ? .over : .unknown
        }
        switch session.stage {
        case .inviting(let invite, _):
            return invite.early.contains { replaces.names(remoteTag: $0.tag) } ? .ringing(session.id) : .unknown
        case .established, .terminating:
            guard let tag = session.dialog?.remoteTag, replaces.names(remoteTag: tag) else { return .unknown }
            if case .established = session.stage, !session.isSilent { return .established(session.id) }
            return .over
        // An early dialog that the peer has opened can't be replaced.
        case .locating, .invited, .over:
            return .unknown
        }
    }

    /// Whether a request has a Replaces that is not allowed there: more than one, one that can't be read, beside Join, which
    /// would have it otherwise, or outside an INVITE that opens a dialog.
    static func isReplacesMisplaced(in request: SIPRequest, isInDialog: Bool) -> Bool {
        guard let value = request.headers["Replaces"] else { return false }
        return request.method != .invite || isInDialog || request.headers.all("Replaces").count > 1
            || request.headers["Join"] != nil || Replaces(value) == nil
    }
}

extension Replaces {
    /// Where the dialog stands.
    var key: Dialog.Key { Dialog.Key(callID: self.callID, localTag: self.toTag) }

    /// Whether that is the peer's tag; `0` stands for none, too (§3).
    func names(remoteTag: String) -> Bool {
        self.fromTag == remoteTag || remoteTag.isEmpty && self.fromTag == "0"
    }
}
