package import SIPCore

/// Keeps the bindings of registered phones beyond the life of the process.
package protocol BindingStore: Sendable {
    /// Everything that was kept, one element for each phone; what has expired may be among it.
    ///
    /// - Throws: what the store throws where it can't be read.
    func bindings() async throws -> [BindingChange]

    /// Takes what has become of phones, and returns at once: it is called on the signalling loop.
    ///
    /// Of one phone the last change counts. It is written later; where that fails the store says so by itself.
    func save(_ changes: [BindingChange])

    /// Returns once all that was saved before is written, or has failed.
    func flush() async
}
