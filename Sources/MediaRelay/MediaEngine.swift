package import MediaCore

/// What anchors the media of calls: the relay of this process, or rtpengine.
///
/// Its events come, in batches, through the closure that each engine takes when it is made.
package protocol MediaEngine: AnyObject, Sendable {
    /// Takes what it needs of the system, and begins; once.
    ///
    /// - Throws: what the system refused; nothing is held then, and the engine can be started again.
    func start() throws(RelayError)
    /// Carries out orders in their order; returns at once, from any thread. Before the start and after the stop orders are
    /// nothing.
    func perform(_ orders: [MediaOrder])
    /// Closes every leg, and waits for the end of its thread. It must not be called from the closure that takes the events.
    func stop()
    /// As they were a moment ago; from any thread.
    var counters: RelayCounters { get }
}
