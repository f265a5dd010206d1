import NIOCore

/// An order, one a line on standard input; each is answered by one line of JSON.
enum Command {
    /// `connect COUNT`: sockets, until there are that many.
    case connect(Int)
    /// `calls COUNT PER_SECOND HOLD_MS FIRST_NUMBER`: calls that are placed, held that long and ended.
    case calls(Int, perSecond: Int, hold: TimeAmount, first: Int)
    /// `hold COUNT PER_SECOND FIRST_NUMBER`: calls that are placed and stay.
    case hold(Int, perSecond: Int, first: Int)
    /// `incoming COUNT`: waits until so many calls of phones have come and ended since the last time.
    case incoming(Int)
    /// `small-offers`, `browser-offers`: how long the offers of the calls to come are.
    case offers(AppMessage.OfferSize)

    init?(_ line: String) {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int($0) }.filter { $0 > 0 }
        guard numbers.count == words.count - 1 else { return nil }
        switch (words.first, numbers.count) {
        case ("connect", 1): self = .connect(numbers[0])
        case ("calls", 4):
            self = .calls(
                numbers[0],
                perSecond: numbers[1],
                hold: .milliseconds(Int64(numbers[2])),
                first: numbers[3]
            )
        case ("hold", 3): self = .hold(numbers[0], perSecond: numbers[1], first: numbers[2])
        case ("incoming", 1): self = .incoming(numbers[0])
        case ("small-offers", 0): self = .offers(.small)
        case ("browser-offers", 0): self = .offers(.browser)
        default: return nil
        }
    }
}
