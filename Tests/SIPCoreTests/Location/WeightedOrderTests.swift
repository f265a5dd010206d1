import SIPCore
import Testing

@Suite("RFC 2782: the order of servers")
struct WeightedOrderTests {
    private struct Server: Equatable {
        var name: String
        var priority: UInt16
        var weight: UInt16
    }

    private func arranged(_ servers: [Server], seed: UInt64) -> [String] {
        var random = SeededGenerator(seed: seed)
        return WeightedOrder.arrange(servers, by: { ($0.priority, $0.weight) }, random: &random).map(\.name)
    }

    @Test("The lowest priority comes first, whatever the weights") func priority() {
        let servers = [
            Server(name: "c", priority: 30, weight: 65_535), Server(name: "a", priority: 10, weight: 0),
            Server(name: "b", priority: 20, weight: 1),
        ]
        for seed in 0..<50 { #expect(self.arranged(servers, seed: UInt64(seed)) == ["a", "b", "c"]) }
    }

    @Test("Of servers alike each comes first as often as its part of the weights says") func weight() {
        let servers = [
            Server(name: "a", priority: 1, weight: 10), Server(name: "b", priority: 1, weight: 60),
            Server(name: "c", priority: 1, weight: 30),
        ]
        var first: [String: Int] = [:]
        for seed in 0..<10_000 { first[self.arranged(servers, seed: UInt64(seed))[0], default: 0] += 1 }
        #expect((850...1_150).contains(first["a"] ?? 0))
        #expect((5_700...6_300).contains(first["b"] ?? 0))
        #expect((2_700...3_300).contains(first["c"] ?? 0))
    }

    @Test("Without weights each is still there once") func noWeights() {
        let servers = (0..<9).map { Server(name: "\($0)", priority: 0, weight: 0) }
        #expect(self.arranged(servers, seed: 3).sorted() == servers.map(\.name))
        #expect(self.arranged([], seed: 3) == [])
    }
}
