import SIPCore
import Testing

@Suite("INVITE server transaction (RFC 3261 §17.2.1, RFC 6026)")
struct InviteServerTransactionTests {
    private let start = Instant(nanoseconds: 0)

    private func at(_ milliseconds: UInt64) -> Instant { self.start + .milliseconds(milliseconds) }

    private func transaction(isReliable: Bool = false) -> InviteServerTransaction {
        InviteServerTransaction(timers: SIPTimers(), isReliable: isReliable)
    }

    @Test("Proceeding: a retransmitted INVITE gets the last response, and no timer runs")
    func proceeding() {
        var transaction = self.transaction()
        #expect(transaction.respond(status: 100, now: self.at(0)) == .sendResponse)
        #expect(transaction.respond(status: 180, now: self.at(10)) == .sendResponse)
        #expect(transaction.state == .proceeding)
        #expect(transaction.receivedRetransmission() == .resendResponse)
        #expect(transaction.deadline == nil)
        #expect(transaction.receivedAck(now: self.at(20)) == .none)
    }

    @Test("Completed over UDP: timer G repeats the response up to T2, timer H ends it")
    func completedOverUDP() {
        var transaction = self.transaction()
        #expect(transaction.respond(status: 486, now: self.at(0)) == .sendResponse)
        #expect(transaction.receivedRetransmission() == .resendResponse)
        var sent: [UInt64] = []
        var last = InviteServerTransaction.Action.none
        while let deadline = transaction.deadline {
            last = transaction.timeoutReached(now: deadline)
            if last == .resendResponse { sent.append(deadline.nanoseconds / 1_000_000) }
        }
        #expect(sent == [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
        #expect(last == .reportTimeout)
        #expect(transaction.state == .terminated)
    }

    @Test("Completed over a reliable transport: nothing is repeated, timer H still runs")
    func completedOverTCP() {
        var transaction = self.transaction(isReliable: true)
        #expect(transaction.respond(status: 486, now: self.at(0)) == .sendResponse)
        #expect(transaction.deadline == self.at(32_000))
        #expect(transaction.receivedAck(now: self.at(10)) == .none)
        #expect(transaction.state == .terminated)
    }

    @Test("Confirmed: the ACK came, and timer I swallows what follows")
    func confirmed() {
        var transaction = self.transaction()
        _ = transaction.respond(status: 486, now: self.at(0))
        #expect(transaction.receivedAck(now: self.at(10)) == .none)
        #expect(transaction.state == .confirmed(timerI: self.at(5010)))
        #expect(transaction.receivedRetransmission() == .none)
        #expect(transaction.receivedAck(now: self.at(20)) == .none)
        #expect(transaction.timeoutReached(now: self.at(5010)) == .none)
        #expect(transaction.state == .terminated)
    }

    @Test("Accepted: INVITEs are swallowed, ACKs delivered, until timer L", arguments: [false, true])
    func accepted(isReliable: Bool) {
        var transaction = self.transaction(isReliable: isReliable)
        #expect(transaction.respond(status: 200, now: self.at(0)) == .sendResponse)
        #expect(transaction.state == .accepted(timerL: self.at(32_000)))
        #expect(transaction.receivedRetransmission() == .none)
        #expect(transaction.receivedAck(now: self.at(10)) == .deliverAck)
        #expect(transaction.respond(status: 486, now: self.at(20)) == .none)
        #expect(transaction.timeoutReached(now: self.at(32_000)) == .none)
        #expect(transaction.state == .terminated)
    }
}
