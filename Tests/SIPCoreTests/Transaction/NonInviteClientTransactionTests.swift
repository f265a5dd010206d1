import SIPCore
import Testing

@Suite("Non-INVITE client transaction (RFC 3261 §17.1.2)")
struct NonInviteClientTransactionTests {
    private let start = Instant(nanoseconds: 0)

    private func at(_ milliseconds: UInt64) -> Instant { self.start + .milliseconds(milliseconds) }

    private func transaction(isReliable: Bool = false) -> NonInviteClientTransaction {
        NonInviteClientTransaction(timers: SIPTimers(), isReliable: isReliable, now: self.start)
    }

    @Test("Trying: timer E doubles up to T2, and timer F ends it")
    func tryingOverUDP() {
        var transaction = self.transaction()
        var sent: [UInt64] = []
        var last = NonInviteClientTransaction.Action.none
        while let deadline = transaction.deadline {
            last = transaction.timeoutReached(now: deadline)
            if last == .sendRequest { sent.append(deadline.nanoseconds / 1_000_000) }
        }
        #expect(sent == [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
        #expect(last == .reportTimeout)
        #expect(transaction.state == .terminated)
    }

    @Test("Trying over a reliable transport: nothing is repeated, timer F still runs")
    func tryingOverTCP() {
        var transaction = self.transaction(isReliable: true)
        #expect(transaction.deadline == self.at(32_000))
        #expect(transaction.timeoutReached(now: self.at(32_000)) == .reportTimeout)
    }

    @Test("Proceeding: the request is repeated every T2")
    func proceeding() {
        var transaction = self.transaction()
        #expect(transaction.receivedResponse(status: 100, now: self.at(100)) == .deliver)
        #expect(transaction.state == .proceeding(timerE: self.at(500), timerF: self.at(32_000)))
        #expect(transaction.timeoutReached(now: self.at(500)) == .sendRequest)
        #expect(transaction.state == .proceeding(timerE: self.at(4500), timerF: self.at(32_000)))
        #expect(transaction.timeoutReached(now: self.at(32_000)) == .reportTimeout)
    }

    @Test("Completed over UDP: further responses are swallowed until timer K")
    func completedOverUDP() {
        var transaction = self.transaction()
        #expect(transaction.receivedResponse(status: 200, now: self.at(100)) == .deliver)
        #expect(transaction.state == .completed(timerK: self.at(5100)))
        #expect(transaction.receivedResponse(status: 200, now: self.at(600)) == .none)
        #expect(transaction.transportFailed() == .none)
        #expect(transaction.timeoutReached(now: self.at(5100)) == .none)
        #expect(transaction.state == .terminated)
    }

    @Test("Completed over a reliable transport lasts no time: timer K is 0")
    func completedOverTCP() {
        var transaction = self.transaction(isReliable: true)
        #expect(transaction.receivedResponse(status: 481, now: self.at(100)) == .deliver)
        #expect(transaction.state == .terminated)
    }

    @Test("A transport failure ends it")
    func transportFailure() {
        var transaction = self.transaction()
        #expect(transaction.transportFailed() == .reportFailure)
        #expect(transaction.state == .terminated)
        #expect(transaction.transportFailed() == .none)
    }
}
