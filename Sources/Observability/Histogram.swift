/// How often a measured value fell into each of some ranges.
package struct Histogram: Hashable, Sendable {
    /// The upper bound of each range but the last, rising; in the unit of the metric, for times seconds.
    package var bounds: [Double]
    /// How many values each range has by itself; one more than there are bounds, the last for what is over all of them.
    package var counts: [Int]
    /// The sum of all values.
    package var sum: Double

    package init(bounds: [Double], counts: [Int], sum: Double) {
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}
