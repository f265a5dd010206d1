import Synchronization

/// Values from callbacks, taken one by one by a test that waits for them.
///
/// Waiting ends with the test's time limit: it throws `CancellationError` then.
package final class Inbox<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value] = []
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package func put(_ values: [Value]) {
        let waiter = self.state.withLock { state in
            state.values += values
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    package func put(_ value: Value) {
        self.put([value])
    }

    /// The next value; one test at a time may wait.
    package func next() async throws -> Value {
        while true {
            let value = self.state.withLock { state in
                state.values.isEmpty ? nil : state.values.removeFirst()
            }
            if let value { return value }
            try Task.checkCancellation()
            await self.wait()
        }
    }

    package func next(_ count: Int) async throws -> [Value] {
        var values: [Value] = []
        while values.count < count { values.append(try await self.next()) }
        return values
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = self.state.withLock { state in
                    if state.values.isEmpty, !Task.isCancelled {
                        state.waiter = continuation
                        return false
                    }
                    return true
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            self.put([])
        }
    }
}
