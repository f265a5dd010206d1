/// The identity of a call, unguessable; clients see it as `call_id`.
package struct CallID: Hashable, Sendable {
    package var text: String

    package init(text: String) {
        self.text = text
    }
}

/// One leg of a call, counted from the caller's, which is 0.
package struct LegID: Hashable, Sendable {
    /// Wide enough that no user whose device comes and goes while it rings ever gets to its end.
    package var number: UInt64

    package init(number: UInt64) {
        self.number = number
    }

    package static let caller = LegID(number: 0)
}

/// The two parties of a call.
///
/// While it rings the callee may be many legs.
package enum Side: Hashable, Sendable {
    case caller
    case callee

    package var other: Side {
        switch self {
        case .caller: .callee
        case .callee: .caller
        }
    }
}
