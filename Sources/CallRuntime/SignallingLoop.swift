import CallCore
package import ClientProtocol
package import MediaCore
package import NIOCore
package import SIPCore

/// The one event loop that owns every call, dialog and transaction of the process; also the one way in.
///
/// The edges hand over what they read, several values in one hop where a read brought several, and get back what must go
/// out in one batch for each edge. The table's earliest deadline is the only timer.
package final class SignallingLoop: Sendable {
    private let state: NIOLoopBound<State>
    private let eventLoop: any EventLoop

    /// A loop with a table of its own, made there.
    ///
    /// - Parameters:
    ///   - eventLoop: runs for as long as this is used.
    ///   - table: makes the table, on the loop.
    ///   - toClients: called on the loop with what must go to clients; must not block.
    ///   - toPhones: the same for phones.
    ///   - toNames: the same for whoever finds the addresses of names.
    ///   - toMedia: the same for the media engine.
    ///   - toStorage: the same for what has become of phones' bindings.
    ///   - toOperator: the same for news of our registrations elsewhere, and of the servers of trunks.
    /// - Throws: what the event loop throws where it is shut down.
    package init(
        eventLoop: any EventLoop,
        table: @Sendable @escaping () -> CallTable,
        toClients: @Sendable @escaping ([ClientOutbound]) -> Void,
        toPhones: @Sendable @escaping ([SIPOutbound]) -> Void,
        toNames: @Sendable @escaping ([LocationRequest]) -> Void = { _ in },
        toMedia: @Sendable @escaping ([MediaOrder]) -> Void = { _ in },
        toStorage: @Sendable @escaping ([BindingChange]) -> Void = { _ in },
        toOperator: @Sendable @escaping ([RegistrationNews], [ServerNews]) -> Void = { _, _ in }
    ) async throws {
        self.eventLoop = eventLoop
        self.state = try await eventLoop.submit {
            NIOLoopBound(
                State(
                    table: table(),
                    eventLoop: eventLoop,
                    toClients,
                    toPhones,
                    toNames,
                    toMedia,
                    toStorage,
                    toOperator
                ),
                eventLoop: eventLoop
            )
        }.get()
    }

    // MARK: From the edges

    package func receive(_ inbound: [ClientInbound]) {
        if self.isOpen {
            self.state.value.receive(inbound)
        } else {
            self.eventLoop.execute { [state] in state.value.receive(inbound) }
        }
    }

    package func receive(_ events: [MediaEvent]) {
        if self.isOpen {
            self.state.value.receive(events)
        } else {
            self.eventLoop.execute { [state] in state.value.receive(events) }
        }
    }

    package func receive(_ inbound: [SIPInbound]) {
        if self.isOpen {
            self.state.value.receive(inbound)
        } else {
            self.eventLoop.execute { [state] in state.value.receive(inbound) }
        }
    }

    /// Whether we are on the loop and it is not in the middle of another input: then no hop is needed.
    private var isOpen: Bool { self.eventLoop.inEventLoop && !self.state.value.isBusy }

    // MARK: From the operator's side

    package func statistics() async throws -> CallTableStatistics {
        try await self.run { $0.statistics }
    }

    package func calls() async throws -> [CallSummary] {
        try await self.run { $0.summaries(now: .now) }
    }

    /// Takes a new configuration; it holds for new calls.
    package func update(_ configuration: CallTable.Configuration) async throws {
        try await self.run { $0.configuration = configuration }
    }

    /// See `CallTable.setPhones`.
    package func setPhones(_ accounts: [PhoneAccount]) async throws {
        try await self.run { $0.setPhones(accounts, now: .now) }
    }

    /// See `CallTable.setRegistrations`.
    package func setRegistrations(_ plans: [String: RegistrationPlan]) async throws {
        try await self.run { $0.setRegistrations(plans, now: .now) }
    }

    /// See `CallTable.watchTrunks`.
    package func watchTrunks() async throws {
        try await self.run { $0.watchTrunks(now: .now) }
    }

    /// See `CallTable.hasRegistrations`.
    package func hasRegistrations() async throws -> Bool {
        try await self.run { $0.hasRegistrations }
    }

    package func beginDraining() async throws {
        try await self.run { $0.beginDraining() }
    }

    package func endAllCalls(_ reason: ClientReason) async throws {
        try await self.run { $0.endAllCalls(reason, now: .now) }
    }

    private func run<Value: Sendable>(_ body: @Sendable @escaping (CallTable) -> Value) async throws -> Value {
        try await self.eventLoop.submit { [state] in
            state.value.run(body)
        }.get()
    }

    /// What only code on the loop may touch.
    private final class State {
        let table: CallTable
        private let eventLoop: any EventLoop
        private let toClients: @Sendable ([ClientOutbound]) -> Void
        private let toPhones: @Sendable ([SIPOutbound]) -> Void
        private let toNames: @Sendable ([LocationRequest]) -> Void
        private let toMedia: @Sendable ([MediaOrder]) -> Void
        private let toStorage: @Sendable ([BindingChange]) -> Void
        private let toOperator: @Sendable ([RegistrationNews], [ServerNews]) -> Void
        private var armed: (deadline: Instant, callback: NIOScheduledCallback)?
        private(set) var isBusy = false

        init(
            table: CallTable,
            eventLoop: any EventLoop,
            _ toClients: @Sendable @escaping ([ClientOutbound]) -> Void,
            _ toPhones: @Sendable @escaping ([SIPOutbound]) -> Void,
            _ toNames: @Sendable @escaping ([LocationRequest]) -> Void,
            _ toMedia: @Sendable @escaping ([MediaOrder]) -> Void,
            _ toStorage: @Sendable @escaping ([BindingChange]) -> Void,
            _ toOperator: @Sendable @escaping ([RegistrationNews], [ServerNews]) -> Void
        ) {
            self.table = table
            self.eventLoop = eventLoop
            self.toClients = toClients
            self.toPhones = toPhones
            self.toNames = toNames
            self.toMedia = toMedia
            self.toStorage = toStorage
            self.toOperator = toOperator
        }

        func receive(_ inbound: [ClientInbound]) {
            self.run { table in
                for one in inbound { table.receive(one, now: .now) }
            }
        }

        func receive(_ events: [MediaEvent]) {
            self.run { table in
                for one in events { table.receive(one, now: .now) }
            }
        }

        func receive(_ inbound: [SIPInbound]) {
            self.run { table in
                for one in inbound { table.receive(one, now: .now) }
            }
        }

        /// One input to its end, with all that it lets out.
        func run<Value>(_ body: (CallTable) -> Value) -> Value {
            self.isBusy = true
            defer { self.isBusy = false }
            let value = body(self.table)
            self.flush()
            return value
        }

        /// Hands out what has gathered, and sees to the next deadline.
        private func flush() {
            let media = self.table.takeMediaOutbound()
            if !media.isEmpty { self.toMedia(media) }
            let clients = self.table.takeClientOutbound()
            if !clients.isEmpty { self.toClients(clients) }
            let phones = self.table.takeSIPOutbound()
            if !phones.isEmpty { self.toPhones(phones) }
            let names = self.table.takeLocationRequests()
            if !names.isEmpty { self.toNames(names) }
            let bindings = self.table.takeBindingChanges()
            if !bindings.isEmpty { self.toStorage(bindings) }
            let news = self.table.takeRegistrationNews()
            let servers = self.table.takeServerNews()
            if !news.isEmpty || !servers.isEmpty { self.toOperator(news, servers) }
            self.arm()
        }

        /// A deadline that moved away is left to come: waking once too often costs less than moving a timer with every
        /// message.
        private func arm() {
            guard let deadline = self.table.nextDeadline.map(Self.rounded) else { return }
            if let armed = self.armed {
                guard deadline < armed.deadline else { return }
                armed.callback.cancel()
            }
            let at = NIODeadline.uptimeNanoseconds(deadline.nanoseconds)
            let alarm = Alarm(state: NIOLoopBound(self, eventLoop: self.eventLoop))
            guard let callback = try? self.eventLoop.scheduleCallback(at: at, handler: alarm) else { return }
            self.armed = (deadline, callback)
        }

        func deadlineReached() {
            self.armed = nil
            self.run { $0.timeoutReached(now: .now) }
        }

        /// No timer of SIP or of a call is hurt by 20 ms: waking for many at once costs as much as for one.
        private static func rounded(_ deadline: Instant) -> Instant {
            let grain: UInt64 = 20_000_000
            return Instant(nanoseconds: deadline.nanoseconds / grain * grain + grain)
        }
    }

    private struct Alarm: NIOScheduledCallbackHandler, Sendable {
        let state: NIOLoopBound<State>

        func handleScheduledCallback(eventLoop: some EventLoop) {
            self.state.value.deadlineReached()
        }
    }
}

extension Instant {
    /// The loop's clock.
    static var now: Instant { Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds) }
}
