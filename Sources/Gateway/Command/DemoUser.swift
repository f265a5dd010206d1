/// One of the two people of `switchhook demo`.
enum DemoUser: String, CaseIterable, Hashable, Sendable {
    case alice = "1"
    case bob = "2"

    /// The name that the other one sees, and may dial.
    var name: String {
        switch self {
        case .alice: "alice"
        case .bob: "bob"
        }
    }

    /// The same as a person writes it.
    var title: String {
        switch self {
        case .alice: "Alice"
        case .bob: "Bob"
        }
    }
}
