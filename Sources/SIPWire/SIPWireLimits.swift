/// What a message may grow to; whatever passes a limit is refused before libosip2 sees it.
///
/// libosip2's work is quadratic in the counts of header fields and parameters, so they are bounded with the bytes.
package struct SIPWireLimits: Hashable, Sendable {
    /// Bytes of a whole message.
    package var message = 65_536
    /// Bytes of the start line and the header fields, with the empty line that ends them.
    package var head = 8_192
    /// Bytes of a body.
    package var body = 49_152
    /// Header fields of a message.
    package var fields = 128
    /// Comma-separated addresses and Via values of a message.
    package var values = 128
    /// Parameters of one header field, those of its URIs counted too.
    package var parametersOfField = 64
    /// Parameters of all address and Via fields of a message.
    package var parameters = 256

    package init() {}
}
