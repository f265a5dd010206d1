/// The fields that tell about us, made once: messages share them.
struct OwnFields {
    /// Of an INVITE.
    let invite: [SIPHeaders.Field]
    /// Of any other request.
    let request: [SIPHeaders.Field]
    /// Of a response.
    let response: [SIPHeaders.Field]
    /// Of a final response to an INVITE that makes or keeps a dialog.
    let finalDialogResponse: [SIPHeaders.Field]

    /// - Parameter product: see `SIPUserAgent.Configuration`.
    init(product: String) {
        self.request = product.isEmpty ? [] : [SIPHeaders.Field("User-Agent", product)]
        self.response = product.isEmpty ? [] : [SIPHeaders.Field("Server", product)]
        let abilities =
            MethodTable.extensions.isEmpty ? [MethodTable.allow] : [MethodTable.allow, MethodTable.supported]
        self.invite = abilities + self.request
        self.finalDialogResponse = self.response + abilities
    }
}

extension [SIPHeaders.Field] {
    /// Appends fields that many messages have; without any other, all of them share one array.
    mutating func share(_ fields: [SIPHeaders.Field]) {
        if self.isEmpty { self = fields } else { self += fields }
    }
}
