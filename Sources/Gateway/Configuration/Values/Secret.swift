/// A text that must never be seen: whatever prints it prints `***`.
///
/// Passwords, token secrets and bearer tokens are held in it from the moment they are read, so that a log line, a dump or
/// an effective configuration cannot give one away by accident. `reveal()` is the only way to the text.
package struct Secret: Hashable, Sendable {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The text itself, for those who must use it.
    package func reveal() -> String { self.text }

    /// The length in UTF-8 bytes.
    package var byteCount: Int { self.text.utf8.count }

    /// What stands in place of the text wherever a secret is printed.
    package static let mask = "***"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Self.mask }

    package var debugDescription: String { Self.mask }

    /// Without children: `dump` walks the mirror, not the description.
    package var customMirror: Mirror {
        Mirror(self, children: EmptyCollection<Mirror.Child>())
    }
}
