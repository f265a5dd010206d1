import NIOCore

/// A call that an app of this client has placed.
final class PlacedCall {
    enum Phase: String {
        case started
        case answered
        case established
        case over
    }

    let number: String
    let socket: AppSocket
    var phase = Phase.started
    /// As JSON, where the server told it.
    var callID: String?
    /// When the phase began.
    var since = NIODeadline.now()
    /// Ends the call where it does not get on.
    var timeout: Scheduled<Void>?

    init(number: String, socket: AppSocket) {
        self.number = number
        self.socket = socket
    }
}
