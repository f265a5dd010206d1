/// Why a datagram is no STUN message that we read; each is a reason to drop it without an answer (RFC 8489 §6.3).
package enum STUNError: Error, Hashable, Sendable {
    /// Shorter than the header.
    case truncated
    /// Longer than `STUNMessage.maximumLength`.
    case tooLong
    /// The first two bits are not zero.
    case notSTUN
    /// The magic cookie is missing, as in the messages of RFC 3489.
    case wrongCookie
    /// The header's length is no multiple of 4, or not that of the datagram.
    case wrongLength
    /// An attribute goes past the end, or its length or content is not what its type asks for.
    case malformedAttribute
    /// FINGERPRINT is not the last attribute, or not the right one.
    case wrongFingerprint
}
