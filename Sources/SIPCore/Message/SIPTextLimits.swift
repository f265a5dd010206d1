/// What the text parsers take at most; everything above is refused as malformed.
package enum SIPTextLimits {
    /// Bytes of one URI or header field value.
    package static let bytes = 8192
    /// Parameters of one URI or one header field value.
    package static let parameters = 64
    /// Values in one comma-separated list.
    package static let values = 32
}
