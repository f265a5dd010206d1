/// One live call, as `/api/v1/calls` gives it and `switchhook calls` prints it.
package struct CallReport: Hashable, Sendable, Codable {
    package enum State: String, Hashable, Sendable, Codable {
        case ringing
        case answered
    }

    package var callID: String
    /// Which parties: `app_to_phone` and the like.
    package var direction: String
    package var state: State
    package var callerID: String
    /// What the caller dialled.
    package var calleeID: String
    /// Since the call's start, in seconds.
    package var ageSeconds: Double

    private enum CodingKeys: String, CodingKey {
        case callID = "call_id"
        case direction
        case state
        case callerID = "caller_id"
        case calleeID = "callee_id"
        case ageSeconds = "age_seconds"
    }

    package init(
        callID: String,
        direction: String,
        state: State,
        callerID: String,
        calleeID: String,
        ageSeconds: Double
    ) {
        self.callID = callID
        self.direction = direction
        self.state = state
        self.callerID = callerID
        self.calleeID = calleeID
        self.ageSeconds = ageSeconds
    }

    /// `CALL_ID  answered  app_to_phone  7 -> 600  12s`; control characters that a peer put into an id are left out.
    package var line: String {
        let parties = "\(Self.printable(self.callerID)) -> \(Self.printable(self.calleeID))"
        let age = "\(Int(min(max(self.ageSeconds, 0), 1e9)))s"
        return "\(Self.printable(self.callID))  \(self.state.rawValue)  \(self.direction)  \(parties)  \(age)"
    }

    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.properties.generalCategory != .control }.map(Character.init))
    }
}

/// The body of `/api/v1/calls`.
package struct CallReportList: Hashable, Sendable, Codable {
    package var calls: [CallReport]

    package init(calls: [CallReport]) {
        self.calls = calls
    }
}
