internal import Foundation
internal import NIOCore
internal import NIOPosix

/// Why the gateway, or a command that talks to it, can't do what it was asked for.
package struct GatewayError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong; new codes may come.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable, Sendable {
            case bindFailed
            case unusableKey
            case unreachable
            case refused
            case notAllowed
            case stopped
            case unusableStorage
        }

        private var value: Value

        /// A listener could not be bound.
        package static let bindFailed = Code(value: .bindFailed)
        /// A token key or a certificate is not one.
        package static let unusableKey = Code(value: .unusableKey)
        /// The admin interface of the gateway doesn't answer.
        package static let unreachable = Code(value: .unreachable)
        /// The admin interface answers with an error.
        package static let refused = Code(value: .refused)
        /// The configuration rules out what the command asks for.
        package static let notAllowed = Code(value: .notAllowed)
        /// The storage can't be opened or read.
        package static let unusableStorage = Code(value: .unusableStorage)
        /// A part of the running gateway has failed.
        package static let stopped = Code(value: .stopped)
    }

    package var code: Code
    /// One line for the operator.
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// What an error of a socket says, in a few words.
    static func reason(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return self.reason(first.error)
        }
        return "\(error)"
    }
}
