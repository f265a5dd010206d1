/// A stream that cannot be cut into messages any more; the connection must be closed.
package struct SIPFramingError: Error, Hashable, Sendable {
    package var fault: SIPWireFault
    /// The head of the message that could not be framed, as far as it came, for `SIPWireParser.refusal`.
    package var head: [UInt8]

    package init(_ fault: SIPWireFault, head: [UInt8] = []) {
        self.fault = fault
        self.head = head
    }
}
