extension Session {
    /// Changes the dialog with the peer of that tag, be it an early dialog of our INVITE or the session's own; nil where
    /// there is none.
    func edit<Result>(_ tag: String, _ change: (inout Dialog, inout Exchange) -> Result) -> Result? {
        if case .inviting(let invite, _) = self.stage {
            guard let index = invite.early.firstIndex(where: { $0.tag == tag }) else { return nil }
            return invite.early[index].edit(of: invite, change)
        }
        guard var dialog = self.dialog, dialog.remoteTag == tag else { return nil }
        self.dialog = nil
        defer { self.dialog = dialog }
        return change(&dialog, &self.exchange)
    }

    /// What was described in that dialog.
    func exchange(_ tag: String) -> Exchange? {
        guard case .inviting(let invite, _) = self.stage else { return self.exchange }
        return invite.early.first { $0.tag == tag }?.exchange
    }

    /// The dialog that an UPDATE of ours goes in: of several early ones, the last; nil where there is none.
    var tagOfUpdates: String? {
        guard case .inviting(let invite, _) = self.stage else { return self.dialog?.remoteTag }
        return invite.early.last?.tag
    }

    /// Whose offer still waits for an answer in that dialog (RFC 3311 §5.2); nil: a new one may come.
    func openOffer(_ tag: String) -> OpenOffer? {
        switch self.update {
        case .none: break
        case .sent(let modification, _): if modification.kind != .refresh, modification.sdp != nil { return .ours }
        case .received: return .theirs
        }
        switch self.stage {
        case .inviting(let invite, _):
            guard let early = invite.early.first(where: { $0.tag == tag }) else { return .ours }
            if early.exchange.isSettled { return nil }
            return invite.request.body.isEmpty ? .theirs : .ours
        case .invited(let invite):
            if self.provisionals?.holdsAnswerBack == true { return invite.request.body.isEmpty ? .ours : .theirs }
            return self.exchange.isSettled ? nil : .theirs
        case .established:
            switch self.operation {
            case .none: return nil
            case .reinviting: return .ours
            case .owingAck, .reinvited: return .theirs
            case .unacknowledged(let answer): return answer.holdsOffer ? .ours : nil
            }
        case .locating, .terminating, .over: return .theirs
        }
    }

    enum OpenOffer {
        case ours
        case theirs
    }
}
