/// What anchors the media of calls: the relay of this process, or rtpengine.
///
/// Its events come, in batches, through the closure that each engine takes when it is made.
package protocol MediaEngine: AnyObject, Sendable {
    /// Carries out orders in their order; returns at once, from any thread.
    func perform(_ orders: [MediaOrder])
}
