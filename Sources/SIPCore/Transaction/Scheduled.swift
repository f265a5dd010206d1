/// What waits in a user agent: a transaction or a session.
class Scheduled: Schedulable {
    final var queuePlace = -1

    /// The moment is there, and the item has been taken out of the queue.
    func timeoutReached(in agent: SIPUserAgent, now: Instant) {
        preconditionFailure("Every scheduled item says what its time means")
    }
}
