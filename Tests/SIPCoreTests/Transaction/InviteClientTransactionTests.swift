import SIPCore
import Testing

@Suite("INVITE client transaction (RFC 3261 §17.1.1, RFC 6026)")
struct InviteClientTransactionTests {
    private let timers = SIPTimers()
    private let start = Instant(nanoseconds: 0)

    private func at(_ milliseconds: UInt64) -> Instant { self.start + .milliseconds(milliseconds) }

    private func transaction(isReliable: Bool = false) -> InviteClientTransaction {
        InviteClientTransaction(timers: self.timers, isReliable: isReliable, now: self.start)
    }

    @Test("Calling: timer A doubles without a limit, and timer B ends it")
    func callingOverUDP() {
        var transaction = self.transaction()
        var sent: [UInt64] = []
        var last = InviteClientTransaction.Action.none
        while let deadline = transaction.deadline {
            last = transaction.timeoutReached(now: deadline)
            if last == .sendRequest { sent.append(deadline.nanoseconds / 1_000_000) }
        }
        #expect(sent == [500, 1500, 3500, 7500, 15_500, 31_500])
        #expect(last == .reportTimeout)
        #expect(transaction.state == .terminated)
    }

    @Test("Calling over a reliable transport: nothing is repeated, timer B still runs")
    func callingOverTCP() {
        var transaction = self.transaction(isReliable: true)
        #expect(transaction.deadline == self.at(32_000))
        #expect(transaction.timeoutReached(now: self.at(31_999)) == .none)
        #expect(transaction.timeoutReached(now: self.at(32_000)) == .reportTimeout)
    }

    @Test("An early call of the timer does nothing")
    func earlyTimer() {
        var transaction = self.transaction()
        #expect(transaction.timeoutReached(now: self.at(499)) == .none)
        #expect(transaction.deadline == self.at(500))
    }

    @Test("Proceeding: a 1xx stops the retransmissions, and no timer runs")
    func proceeding() {
        var transaction = self.transaction()
        #expect(transaction.receivedResponse(status: 100, now: self.at(10)) == .deliver)
        #expect(transaction.state == .proceeding)
        #expect(transaction.deadline == nil)
        #expect(transaction.receivedResponse(status: 180, now: self.at(20)) == .deliver)
    }

    @Test("Completed over UDP: each 300 to 699 is ACKed, the first alone is delivered, timer D ends it")
    func completedOverUDP() {
        var transaction = self.transaction()
        #expect(transaction.receivedResponse(status: 486, now: self.at(10)) == .acknowledgeAndDeliver)
        #expect(transaction.state == .completed(timerD: self.at(32_010)))
        #expect(transaction.receivedResponse(status: 486, now: self.at(600)) == .acknowledge)
        #expect(transaction.receivedResponse(status: 180, now: self.at(700)) == .none)
        #expect(transaction.receivedResponse(status: 200, now: self.at(700)) == .none)
        #expect(transaction.timeoutReached(now: self.at(32_010)) == .none)
        #expect(transaction.state == .terminated)
    }

    @Test("Completed over a reliable transport lasts no time: timer D is 0")
    func completedOverTCP() {
        var transaction = self.transaction(isReliable: true)
        #expect(transaction.receivedResponse(status: 603, now: self.at(10)) == .acknowledgeAndDeliver)
        #expect(transaction.state == .terminated)
    }

    @Test("Accepted: every 2xx is delivered until timer M, over any transport", arguments: [false, true])
    func accepted(isReliable: Bool) {
        var transaction = self.transaction(isReliable: isReliable)
        #expect(transaction.receivedResponse(status: 200, now: self.at(10)) == .deliver)
        #expect(transaction.state == .accepted(timerM: self.at(32_010)))
        #expect(transaction.receivedResponse(status: 200, now: self.at(500)) == .deliver)
        #expect(transaction.receivedResponse(status: 486, now: self.at(500)) == .none)
        #expect(transaction.receivedResponse(status: 180, now: self.at(500)) == .none)
        #expect(transaction.timeoutReached(now: self.at(32_010)) == .none)
        #expect(transaction.state == .terminated)
        #expect(transaction.receivedResponse(status: 200, now: self.at(33_000)) == .none)
    }

    @Test("A transport failure counts in Calling alone")
    func transportFailure() {
        var calling = self.transaction()
        #expect(calling.transportFailed() == .reportFailure)
        #expect(calling.state == .terminated)
        var proceeding = self.transaction()
        _ = proceeding.receivedResponse(status: 100, now: self.at(1))
        #expect(proceeding.transportFailed() == .none)
        #expect(proceeding.state == .proceeding)
    }

    @Test("Once nobody wants it, the INVITE is not repeated, and a late response still counts")
    func noMoreRetransmissions() {
        var transaction = self.transaction()
        transaction.stopRetransmitting()
        #expect(transaction.deadline == self.at(32_000))
        #expect(transaction.receivedResponse(status: 200, now: self.at(5000)) == .deliver)
    }
}
