/// The order in which servers with a priority and a weight are tried (RFC 2782).
package enum WeightedOrder {
    /// Puts the lowest priority first; of those alike each comes first as often as its part of their weights says.
    ///
    /// - Parameters:
    ///   - list: of servers.
    ///   - rank: a server's priority and weight.
    ///   - random: what decides.
    /// - Returns: all of them.
    package static func arrange<Server>(
        _ list: [Server],
        by rank: (Server) -> (priority: UInt16, weight: UInt16),
        random: inout some RandomNumberGenerator
    ) -> [Server] {
        // One without weight shall still have a very small chance, so it stands first.
        var left = list.sorted { Self.precedes(rank($0), rank($1)) }
        var arranged: [Server] = []
        arranged.reserveCapacity(left.count)
        while let first = left.first {
            let priority = rank(first).priority
            let alike = left.prefix { rank($0).priority == priority }
            let sum = alike.reduce(0) { $0 + Int(rank($1).weight) }
            var draw = Int.random(in: 0...sum, using: &random)
            var chosen = 0
            for (index, server) in alike.enumerated() {
                chosen = index
                draw -= Int(rank(server).weight)
                if draw <= 0 { break }
            }
            arranged.append(left.remove(at: chosen))
        }
        return arranged
    }

    private static func precedes(
        _ left: (priority: UInt16, weight: UInt16),
        _ right: (priority: UInt16, weight: UInt16)
    ) -> Bool {
        (left.priority, left.weight == 0 ? 0 : 1) < (right.priority, right.weight == 0 ? 0 : 1)
    }
}
