internal import NIOCore
internal import SIPCore

/// A connection being opened, and the messages that wait for it.
final class PendingConnection {
    let target: SIPTarget
    /// In the order in which they go out.
    var queue: [SIPOutbound]
    /// The addresses not tried yet, the next one last.
    var candidates: [SocketAddress] = []
    /// The time that each address has.
    var attemptTime = TimeAmount.zero

    init(target: SIPTarget, first: SIPOutbound) {
        self.target = target
        self.queue = [first]
    }
}
