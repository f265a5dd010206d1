import NIOCore

extension Fleet {
    /// The calls of one command.
    struct Batch {
        var count: Int
        /// nil: they stay.
        var hold: TimeAmount?
        var promise: EventLoopPromise<String>
        var began = NIODeadline.now()
        var tally = Tally()
    }

    // MARK: Commands

    /// Places the calls evenly in time; app after app, so that no app has more of them than it must.
    func place(_ count: Int, perSecond: Int, hold: TimeAmount?, first: Int) -> EventLoopFuture<String> {
        guard !self.sockets.isEmpty else { return self.loop.makeSucceededFuture(#"{"error":"no socket"}"#) }
        let promise = self.loop.makePromise(of: String.self)
        let batch = Batch(count: count, hold: hold, promise: promise)
        self.batch = batch
        self.evenly(count, perSecond: perSecond, from: batch.began) { index in
            self.start(String(first + index), on: self.sockets[index % self.sockets.count])
        }
        return promise.futureResult
    }

    /// Does something `count` times; the next is planned by the one before, so that the timers stay few.
    private func evenly(_ count: Int, perSecond: Int, from: NIODeadline, _ body: @escaping (Int) -> Void) {
        func plan(_ index: Int) {
            guard index < count else { return }
            let due = from + .nanoseconds(Int64(index) * 1_000_000_000 / Int64(perSecond))
            self.loop.assumeIsolated().scheduleTask(deadline: due) {
                body(index)
                plan(index + 1)
            }
        }
        plan(0)
    }

    // MARK: One call

    private func start(_ number: String, on socket: AppSocket) {
        let call = PlacedCall(number: number, socket: socket)
        self.placed[number] = call
        call.timeout = self.loop.assumeIsolated().scheduleTask(in: Self.patience) {
            self.over(call, failure: "no progress after \(call.phase)")
        }
        socket.send(.startCall(number))
    }

    func answered(_ event: ServerEvent) {
        guard let call = event.text("callee_id").flatMap({ self.placed[$0] }), call.phase == .started else { return }
        let now = NIODeadline.now()
        self.batch?.tally.answered.add((now - call.since).nanoseconds)
        call.phase = .answered
        call.since = now
        call.callID = event.json("call_id")
        call.socket.send(.offer(to: call.number, self.offerSize))
    }

    func established(_ event: ServerEvent) {
        guard let call = event.text("callee_id").flatMap({ self.placed[$0] }), call.phase == .answered else { return }
        self.batch?.tally.negotiated.add((NIODeadline.now() - call.since).nanoseconds)
        call.phase = .established
        call.timeout?.cancel()
        guard let hold = self.batch?.hold else {
            self.count()
            return
        }
        self.loop.assumeIsolated().scheduleTask(in: hold) {
            guard call.phase == .established else { return }
            self.hangUp(call)
            self.count()
        }
    }

    /// Something went another way than it should; where the event names a call, the call is over.
    func refused(_ event: ServerEvent, on socket: AppSocket, reason: String) {
        let peer = event.text("callee_id") ?? event.text("hanged_up_by") ?? event.text("peer_id") ?? ""
        let only = self.placed.values.filter { $0.socket === socket && $0.phase != .established }
        if let call = self.placed[peer] ?? only.first {
            self.over(call, failure: reason)
        } else {
            self.batch?.tally.fail(reason)
            self.finishWhereDue()
        }
    }

    private func hangUp(_ call: PlacedCall) {
        call.socket.send(.hangUp(peer: call.number, callID: call.callID))
        self.forget(call)
    }

    private func over(_ call: PlacedCall, failure: String) {
        self.forget(call)
        self.batch?.tally.fail(failure)
        self.finishWhereDue()
    }

    private func forget(_ call: PlacedCall) {
        call.phase = .over
        call.timeout?.cancel()
        self.placed[call.number] = nil
    }

    private func count() {
        self.batch?.tally.completed += 1
        self.finishWhereDue()
    }

    private func finishWhereDue() {
        guard let batch = self.batch, batch.tally.completed + batch.tally.failed >= batch.count else { return }
        self.batch = nil
        let seconds = Self.seconds(since: batch.began)
        batch.promise.succeed(batch.tally.json(seconds: seconds, socketsLost: self.socketsLost))
    }

    private static func seconds(since began: NIODeadline) -> Double {
        Double((NIODeadline.now() - began).nanoseconds) / 1e9
    }
}
