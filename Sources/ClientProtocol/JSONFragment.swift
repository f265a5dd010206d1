/// One JSON value of a message, byte for byte as it came: valid JSON and valid UTF-8.
///
/// `offer`, `answer` and `candidate` pass between apps in this form, never decoded and encoded again.
package struct JSONFragment: Hashable, Sendable {
    package var utf8: [UInt8]

    /// The caller vouches that it is one whole JSON value.
    package init(utf8: [UInt8]) {
        self.utf8 = utf8
    }
}
