internal import MediaCore

/// The numbers that the phone answers, each to try one thing with.
package enum DemoNumber: String, CaseIterable, Hashable, Sendable {
    /// Sends back what it hears.
    case echo = "600"
    /// Plays a steady tone of 440 Hz.
    case tone = "601"
    /// Is busy: 486.
    case busy = "602"
    /// Rings and is never answered: 180.
    case unanswered = "603"

    /// What happens when it is dialled, in a few words for a person.
    package var explanation: String {
        switch self {
        case .echo: "an echo: you hear yourself"
        case .tone: "a steady tone"
        case .busy: "busy"
        case .unanswered: "rings, and nobody answers"
        }
    }

    /// The format that it takes of those in an offer.
    var choice: AudioChoice {
        switch self {
        case .echo: .firstOffered
        case .tone: .best([.pcmu, .pcma])
        case .busy, .unanswered: .best([])
        }
    }
}
