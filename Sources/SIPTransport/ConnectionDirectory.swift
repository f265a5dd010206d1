internal import SIPCore
internal import Synchronization

/// Which connection goes where, for all edge loops: the one thing that they share and change.
///
/// UDP has no part in it.
final class ConnectionDirectory: Sendable {
    private struct State {
        var count = 0
        var accepted: [String: Int] = [:]
        var connections: [SIPTarget: UInt64] = [:]
        var names: [SIPTarget: String] = [:]
    }

    private let state = Mutex(State())
    private let maximum: Int
    private let maximumPerAddress: Int

    init(maximum: Int, maximumPerAddress: Int) {
        self.maximum = maximum
        self.maximumPerAddress = maximumPerAddress
    }

    /// Connections open or being opened.
    var count: Int { self.state.withLock { $0.count } }

    /// Takes a place for one connection; each place taken is given back by one `release` with the same argument.
    ///
    /// - Parameter host: The remote address of a connection that the peer opened; nil for our own.
    /// - Returns: false where a limit is reached.
    func reserve(acceptedFrom host: String?) -> Bool {
        self.state.withLock { state in
            guard state.count < self.maximum else { return false }
            if let host {
                let count = state.accepted[host, default: 0]
                guard count < self.maximumPerAddress else { return false }
                state.accepted[host] = count + 1
            }
            state.count += 1
            return true
        }
    }

    func release(acceptedFrom host: String?) {
        self.state.withLock { state in
            state.count -= 1
            guard let host, let count = state.accepted[host] else { return }
            state.accepted[host] = count > 1 ? count - 1 : nil
        }
    }

    /// The open connection by which that target is reached.
    func connection(to target: SIPTarget) -> UInt64? {
        self.state.withLock { $0.connections[target] }
    }

    /// A newer connection takes the place of an older one to the same target.
    func register(_ connection: UInt64, for targets: [SIPTarget]) {
        self.state.withLock { state in
            for target in targets { state.connections[target] = connection }
        }
    }

    /// The name by which the peer at an address has last proved itself with TLS.
    ///
    /// A dialog's Contact most often has the address, and certificates the name.
    func name(at literal: SIPTarget) -> String? {
        self.state.withLock { $0.names[literal] }
    }

    func note(_ name: String, at literal: SIPTarget) {
        self.state.withLock { state in
            // As many as there may be connections: it is but a hint, and learned again.
            if state.names.count >= self.maximum { state.names = [:] }
            state.names[literal] = name
        }
    }

    func forgetName(at literal: SIPTarget) {
        self.state.withLock { $0.names[literal] = nil }
    }

    func unregister(_ connection: UInt64, for targets: [SIPTarget]) {
        self.state.withLock { state in
            for target in targets where state.connections[target] == connection {
                state.connections[target] = nil
            }
        }
    }
}
