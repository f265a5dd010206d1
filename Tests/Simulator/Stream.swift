/// A TCP connection between two nodes: neither loses nor reorders, but may break.
final class Stream {
    let id: UInt64
    let first: NetworkNode
    let second: NetworkNode
    var isOpen = true
    var arrivalAtFirst: UInt64 = 0
    var arrivalAtSecond: UInt64 = 0

    init(id: UInt64, first: NetworkNode, second: NetworkNode) {
        self.id = id
        self.first = first
        self.second = second
    }

    func other(_ node: NetworkNode) -> NetworkNode { node === self.first ? self.second : self.first }
}
