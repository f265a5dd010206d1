import NIOCore

/// The calls of phones, which every app answers at once.
struct IncomingCalls {
    /// By the caller's id: each phone has one of its own.
    private var running: Set<String> = []
    private var tally = Tally()
    private var waiting: (count: Int, promise: EventLoopPromise<Tally>)?

    mutating func wait(for count: Int, on loop: any EventLoop) -> EventLoopFuture<Tally> {
        let promise = loop.makePromise(of: Tally.self)
        self.waiting = (count, promise)
        self.finishWhereDue()
        return promise.futureResult
    }

    mutating func began(_ event: ServerEvent, on socket: AppSocket) {
        guard let callID = event.json("call_id"), let callerID = event.json("caller_id") else {
            return self.tally.fail("incoming_call without ids")
        }
        self.running.insert(callerID)
        socket.send(.answerCall(callID: callID, callerID: callerID))
    }

    mutating func offered(_ event: ServerEvent, on socket: AppSocket) {
        guard let callerID = event.json("caller_id") else { return self.tally.fail("call_offer without caller_id") }
        socket.send(.answer(callerID: callerID))
    }

    /// Whether it was one of these calls that ended.
    mutating func ended(_ event: ServerEvent) -> Bool {
        guard let peer = event.json("hanged_up_by"), self.running.remove(peer) != nil else { return false }
        if event.text("reason") ?? "hung_up" == "hung_up" {
            self.tally.completed += 1
        } else {
            self.tally.fail("ended: \(event.text("reason") ?? "")")
        }
        self.finishWhereDue()
        return true
    }

    private mutating func finishWhereDue() {
        guard let waiting = self.waiting, self.tally.completed + self.tally.failed >= waiting.count else { return }
        self.waiting = nil
        waiting.promise.succeed(self.tally)
        self.tally = Tally()
    }
}
