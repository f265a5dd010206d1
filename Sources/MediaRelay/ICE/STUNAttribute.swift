/// The attributes that we know (RFC 8489 §18.3, RFC 8445 §16.1).
///
/// Those below 0x8000 must be understood by who gets them. MESSAGE-INTEGRITY-SHA256 and what belongs to long-term
/// credentials in RFC 8489 is not here: connectivity checks use none of it, and we do not check it.
enum STUNAttribute: UInt16 {
    case mappedAddress = 0x0001
    case username = 0x0006
    case messageIntegrity = 0x0008
    case errorCode = 0x0009
    case unknownAttributes = 0x000A
    case realm = 0x0014
    case nonce = 0x0015
    case xorMappedAddress = 0x0020
    case priority = 0x0024
    case useCandidate = 0x0025
    case fingerprint = 0x8028
    case iceControlled = 0x8029
    case iceControlling = 0x802A
}
