import SIPCore
import Testing

@Suite("Non-INVITE server transaction (RFC 3261 §17.2.2)")
struct NonInviteServerTransactionTests {
    private let start = Instant(nanoseconds: 0)

    private func at(_ milliseconds: UInt64) -> Instant { self.start + .milliseconds(milliseconds) }

    @Test("Trying: a retransmission is swallowed")
    func trying() {
        let transaction = NonInviteServerTransaction(timers: SIPTimers(), isReliable: false)
        #expect(transaction.state == .trying)
        #expect(transaction.receivedRetransmission() == .none)
        #expect(transaction.deadline == nil)
    }

    @Test("Proceeding: a retransmission gets the provisional response")
    func proceeding() {
        var transaction = NonInviteServerTransaction(timers: SIPTimers(), isReliable: false)
        #expect(transaction.respond(status: 100, now: self.at(0)) == .sendResponse)
        #expect(transaction.state == .proceeding)
        #expect(transaction.receivedRetransmission() == .resendResponse)
    }

    @Test("Completed over UDP: a retransmission gets the final response until timer J")
    func completedOverUDP() {
        var transaction = NonInviteServerTransaction(timers: SIPTimers(), isReliable: false)
        #expect(transaction.respond(status: 200, now: self.at(0)) == .sendResponse)
        #expect(transaction.state == .completed(timerJ: self.at(32_000)))
        #expect(transaction.receivedRetransmission() == .resendResponse)
        #expect(transaction.respond(status: 500, now: self.at(10)) == .none)
        transaction.timeoutReached(now: self.at(31_999))
        #expect(transaction.state == .completed(timerJ: self.at(32_000)))
        transaction.timeoutReached(now: self.at(32_000))
        #expect(transaction.state == .terminated)
        #expect(transaction.receivedRetransmission() == .none)
    }

    @Test("Completed over a reliable transport lasts no time: timer J is 0")
    func completedOverTCP() {
        var transaction = NonInviteServerTransaction(timers: SIPTimers(), isReliable: true)
        #expect(transaction.respond(status: 200, now: self.at(0)) == .sendResponse)
        #expect(transaction.state == .terminated)
    }
}
