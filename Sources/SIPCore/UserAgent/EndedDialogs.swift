/// The dialogs that ended last: who would take the place of one of them is declined (RFC 3891 §3).
struct EndedDialogs {
    private struct Ended {
        var key: Dialog.Key
        var remoteTag: String
    }

    /// How many are known at most; a peer that has many calls makes the others forgotten, which costs them 481 for 603.
    private static let limit = 256

    private var dialogs: [Ended] = []
    private var next = 0

    mutating func note(_ dialog: Dialog) {
        let ended = Ended(key: dialog.key, remoteTag: dialog.remoteTag)
        guard self.dialogs.count == Self.limit else { return self.dialogs.append(ended) }
        self.dialogs[self.next] = ended
        self.next = (self.next + 1) % Self.limit
    }

    func holds(_ replaces: Replaces) -> Bool {
        self.dialogs.contains { $0.key == replaces.key && replaces.names(remoteTag: $0.remoteTag) }
    }
}
