package import SIPCore

/// Whoever answers questions to the domain name system; lives on one thread.
package protocol NameSource: AnyObject {
    /// Asks; one answer follows sooner or later, by `wait`.
    func ask(_ question: DNSQuestion)

    /// Waits until an answer is there or `bell` can be read.
    ///
    /// - Parameters:
    ///   - bell: a file descriptor.
    ///   - answered: takes the answers, none where the bell rang.
    func wait(for bell: CInt, _ answered: (DNSQuestion, DNSAnswer) -> Void)

    /// Ends every question that is under way; call it once, and nothing after it.
    func close()
}
