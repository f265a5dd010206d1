/// The `error` message: a client's message was not accepted, and changed nothing.
package struct ClientError: Error, Hashable, Sendable {
    /// The closed list of error codes (gateway-profile §6).
    package enum Code: String, CaseIterable, Hashable, Sendable {
        case badJSON = "bad_json"
        case badMessage = "bad_message"
        case unknownAction = "unknown_action"
        case messageTooBig = "message_too_big"
        case unknownCall = "unknown_call"
        case ambiguousCall = "ambiguous_call"
        case notYourCall = "not_your_call"
        case alreadyAnswered = "already_answered"
        case wrongState = "wrong_state"
        case forbidden
        case rateLimited = "rate_limited"
        case limitReached = "limit_reached"
        case transferFailed = "transfer_failed"
        case `internal`
    }

    package var code: Code
    /// A sentence for the developer of the client.
    package var message: String
    /// The `action` of the message that was not accepted, where it could be read.
    package var action: String?
    package var requestID: JSONFragment?

    package init(code: Code, message: String, action: String? = nil, requestID: JSONFragment? = nil) {
        self.code = code
        self.message = message
        self.action = action
        self.requestID = requestID
    }
}
