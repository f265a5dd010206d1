import SIPCore

/// A request of a phone on its way.
final class PhoneClient {
    enum Kind {
        case invite
        case reinvite
        case cancel
        case bye
        case prack
        case update
        case refer
        case notify
    }

    let request: SIPRequest
    let kind: Kind
    let dialog: PhoneDialog
    let destination: String
    let isReliable: Bool
    var interval: UInt64 = 500_000_000
    let giveUpAt: UInt64
    var hasProvisional = false
    var isDone = false
    var cancelIsWanted = false
    var cancelWasSent = false
    /// The ACKs of its 2xx, by To tag.
    var acks: [String: SIPRequest] = [:]

    init(
        request: SIPRequest,
        kind: Kind,
        dialog: PhoneDialog,
        destination: String,
        isReliable: Bool,
        giveUpAt: UInt64
    ) {
        self.request = request
        self.kind = kind
        self.dialog = dialog
        self.destination = destination
        self.isReliable = isReliable
        self.giveUpAt = giveUpAt
    }

    var key: String { Self.key(self.request.headers.via.first?.branch, self.request.method) }

    static func key(_ branch: String?, _ method: SIPMethod) -> String { "\(branch ?? "") \(method.name)" }
}
