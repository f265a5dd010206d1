package import ClientProtocol
package import SIPCore

/// Which kinds of parties a call joins.
package enum CallDirection: String, CaseIterable, Hashable, Sendable {
    case appToApp = "app_to_app"
    case appToPhone = "app_to_phone"
    case phoneToApp = "phone_to_app"
    case phoneToPhone = "phone_to_phone"
}

/// What has been counted since the start.
package struct CallCounters: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package var direction: CallDirection
        /// Why it was never answered; nil: it was.
        package var failure: ClientReason?
    }

    /// The upper bounds of the setup histogram, in milliseconds.
    package static let setupBounds: [UInt64] = [
        10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 20_000, 30_000, 60_000,
    ]

    package private(set) var ended: [Key: Int] = [:]
    /// Answered calls by the time from their start to their answer; the last one holds what is over every bound.
    package private(set) var setups = [Int](repeating: 0, count: Self.setupBounds.count + 1)
    package private(set) var setupSum = Span.zero

    mutating func ended(_ direction: CallDirection, _ failure: ClientReason?) {
        self.ended[Key(direction: direction, failure: failure), default: 0] += 1
    }

    mutating func answered(after span: Span) {
        let milliseconds = span.nanoseconds / 1_000_000
        let bucket = Self.setupBounds.firstIndex { milliseconds <= $0 } ?? Self.setupBounds.count
        self.setups[bucket] += 1
        self.setupSum.nanoseconds &+= span.nanoseconds
    }
}
