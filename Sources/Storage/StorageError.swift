/// What goes wrong with a store.
package struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        private enum Kind {
            case unusable
            case taken
        }

        private let kind: Kind

        /// The file can't be opened, read or written, or is none of ours.
        package static let unusable = Code(kind: .unusable)
        /// An alias or a phone belongs to another user.
        package static let taken = Code(kind: .taken)
    }

    package let code: Code
    /// For the operator.
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
