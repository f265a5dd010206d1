/// One fork of an INVITE of ours: the dialog that its provisional responses make (RFC 3261 §12.1.2).
struct EarlyDialog {
    /// The To tag of its responses.
    let tag: String
    /// The first of them.
    private let response: SIPResponse
    private let flow: SIPFlow
    /// nil until a request goes within it: most early dialogs see none.
    private(set) var dialog: Dialog?
    /// The RSeq of its last reliable provisional response (RFC 3262 §4).
    var rSeq: UInt32?
    /// The PRACK of that response waits for the call side's answer.
    var owesAnswer = false
    var exchange: Exchange

    init(tag: String, response: SIPResponse, flow: SIPFlow, offer: [UInt8]?) {
        self.tag = tag
        self.response = response
        self.flow = flow
        self.exchange = Exchange()
        self.exchange.begin(offer: offer)
    }

    /// Changes the dialog, which `invite` has begun.
    mutating func edit<Result>(
        of invite: OutgoingInvite,
        _ change: (inout Dialog, inout Exchange) -> Result
    ) -> Result {
        var dialog = self.dialog ?? invite.dialog(self.response, by: self.flow)
        defer { self.dialog = dialog }
        return change(&dialog, &self.exchange)
    }
}
