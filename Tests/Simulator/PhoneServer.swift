import SIPCore

/// An INVITE that came to a phone.
final class PhoneServer {
    /// A reliable provisional response without its PRACK.
    struct Reliable {
        var response: SIPResponse
        var interval: UInt64
        var giveUpAt: UInt64
    }

    let request: SIPRequest
    let dialog: PhoneDialog
    let isReinvite: Bool
    let arrivedAt: UInt64
    var last: SIPResponse?
    var status: UInt16?
    var isAcknowledged = false
    var interval: UInt64 = 500_000_000
    var giveUpAt: UInt64 = 0
    var reliable: Reliable?
    var isCancelled = false
    /// Of its last reliable provisional response.
    var rSeq: UInt32 = 7

    init(request: SIPRequest, dialog: PhoneDialog, isReinvite: Bool, arrivedAt: UInt64) {
        self.request = request
        self.dialog = dialog
        self.isReinvite = isReinvite
        self.arrivedAt = arrivedAt
    }

    var isReliable: Bool { self.request.headers.via.first?.transport.isReliable ?? false }
    /// The branch that the gateway gave it, whatever proxies are between.
    var gatewayBranch: String { self.request.headers.via.last?.branch ?? "" }
}
