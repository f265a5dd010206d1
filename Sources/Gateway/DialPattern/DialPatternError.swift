/// Why a pattern or its rewrite can't be used, in words for the person who wrote it.
package struct DialPatternError: Error, Hashable, Sendable, CustomStringConvertible {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { self.text }
}
