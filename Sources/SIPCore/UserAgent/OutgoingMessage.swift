/// A text of ours on its way, challenges included.
final class OutgoingMessage {
    let id: MessageID
    /// What is sent, but for the text; its offer means nothing.
    let order: InviteOrder
    let text: String
    let key: Dialog.Key
    var cSeq: UInt32 = 1
    var digest: DigestClient?

    init(id: MessageID, order: InviteOrder, text: String, key: Dialog.Key) {
        self.id = id
        self.order = order
        self.text = text
        self.key = key
        self.digest = order.credentials.map { DigestClient(credentials: $0) }
    }
}
