extension Session {
    /// The earliest of all that it waits for.
    var deadline: Instant? {
        switch self.stage {
        case .locating, .inviting: Instant.earlier(self.stageDeadline, self.updateDeadline)
        case .invited: Instant.earlier(self.provisionals?.deadline, self.updateDeadline)
        case .established:
            Instant.earlier(
                Instant.earlier(self.stageDeadline, self.updateDeadline),
                Instant.earlier(self.timer.deadline, self.referenceDeadline)
            )
        case .terminating, .over: nil
        }
    }

    /// Of the stage and of the INVITE transaction in the dialog.
    var stageDeadline: Instant? {
        switch self.stage {
        case .locating(let until): until
        case .inviting(_, let patience): patience.deadline
        case .invited, .terminating, .over: nil
        case .established:
            switch self.operation {
            case .none: self.waiting.isEmpty || self.isUpdating || self.hasRequestOnItsWay ? nil : self.retryAt
            case .reinviting(_, _, let timerC): timerC
            case .owingAck: nil
            case .reinvited(_, let until): until
            case .unacknowledged(let answer): min(answer.resendAt, answer.giveUpAt)
            }
        }
    }

    /// Of the peer's UPDATE that waits for the call side.
    var updateDeadline: Instant? {
        switch self.update {
        case .none, .sent: nil
        case .received(_, _, _, let until): until
        }
    }

    /// Of our REFER and of the peer's.
    var referenceDeadline: Instant? {
        Instant.earlier(self.reference?.client.deadline, self.receivedReference?.server.deadline)
    }

    /// Whether a request of ours other than INVITE is on its way, which no other may overtake (RFC 3261 §12.2.2).
    var hasRequestOnItsWay: Bool {
        if self.reference?.isOnItsWay == true || self.receivedReference?.server.isWaiting == true { return true }
        return switch self.update {
        case .sent: true
        case .none, .received: self.digitOnItsWay != nil
        }
    }

    /// Whether an UPDATE runs in the dialog, whoever sent it.
    var isUpdating: Bool {
        switch self.update {
        case .none: false
        case .sent, .received: true
        }
    }
}
