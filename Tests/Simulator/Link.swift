/// How good the way between two nodes is.
final class Link {
    /// Of a hundred datagrams.
    let loss: Int
    let duplication: Int
    let reordering: Int
    let delay: UInt64
    let jitter: UInt64
    /// Nothing passes until then.
    var cutUntil: UInt64 = 0
    /// It has been cut at some time, or one of its ends vanished: what depends on delivery is not checked any more.
    var wasCut = false

    init(loss: Int, duplication: Int, reordering: Int, delay: UInt64, jitter: UInt64) {
        self.loss = loss
        self.duplication = duplication
        self.reordering = reordering
        self.delay = delay
        self.jitter = jitter
    }
}
