internal import CallRuntime
internal import SIPCore
internal import Synchronization

/// Keeps what phones send between the binding of the sockets and the start of the signalling loop, which must know the
/// sockets first.
final class WaitingInbound: Sendable {
    private enum State {
        case waiting([SIPInbound])
        case open(SignallingLoop)
    }

    /// More than comes within the milliseconds that it takes; what is over it is lost, as any datagram may be.
    private static let limit = 4_096

    private let state = Mutex(State.waiting([]))

    func receive(_ inbound: [SIPInbound]) {
        let loop = self.state.withLock { state -> SignallingLoop? in
            switch state {
            case .waiting(var kept):
                if kept.count < Self.limit { kept += inbound }
                state = .waiting(kept)
                return nil
            case .open(let loop):
                return loop
            }
        }
        loop?.receive(inbound)
    }

    func open(to loop: SignallingLoop) {
        self.state.withLock { state in
            if case .waiting(let kept) = state, !kept.isEmpty { loop.receive(kept) }
            state = .open(loop)
        }
    }
}
