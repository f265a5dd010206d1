package import SIPCore

extension RTPEngineSession {
    /// How long things take.
    package struct Timing: Hashable, Sendable {
        /// The waits before each repetition, and before the first request is given up; others have twice the last.
        package var waits: [Span] = [.milliseconds(250), .milliseconds(500), .milliseconds(1_000)]
        package var probe = Span.milliseconds(100)
        package var poll = Span.seconds(1)
        /// As `RelayConfiguration.silence`.
        package var silence = Span.seconds(3)
        /// As `RelayConfiguration.timeout`.
        package var timeout = Span.seconds(60)

        package init() {}
    }
}
