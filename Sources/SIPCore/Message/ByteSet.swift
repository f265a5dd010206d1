/// A set of byte values that is asked once for each byte read or written.
struct ByteSet: Sendable {
    private let low: UInt64
    private let high: UInt64
    private let beyondASCII: Bool

    /// The bytes of `characters` and, where asked for, all ASCII letters and digits and all bytes from 0x80.
    init(_ characters: StaticString, alphanumeric: Bool = false, beyondASCII: Bool = false) {
        var low: UInt64 = 0
        var high: UInt64 = 0
        characters.withUTF8Buffer { buffer in
            for byte in buffer {
                if byte < 64 {
                    low |= 1 &<< UInt64(byte)
                } else if byte < 128 {
                    high |= 1 &<< UInt64(byte &- 64)
                }
            }
        }
        if alphanumeric {
            low |= 0x03FF_0000_0000_0000  // 0-9
            high |= 0x07FF_FFFE_07FF_FFFE  // A-Z, a-z
        }
        self.low = low
        self.high = high
        self.beyondASCII = beyondASCII
    }

    /// Every visible byte, those from 0x80 included, but for `characters`: no control character, no space.
    init(visibleExcept characters: StaticString) {
        let excluded = ByteSet(characters)
        self.low = 0xFFFF_FFFE_0000_0000 & ~excluded.low
        self.high = 0x7FFF_FFFF_FFFF_FFFF & ~excluded.high
        self.beyondASCII = true
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        if byte < 64 { return (self.low &>> UInt64(byte)) & 1 == 1 }
        if byte < 128 { return (self.high &>> UInt64(byte &- 64)) & 1 == 1 }
        return self.beyondASCII
    }
}

// The sets of RFC 3261 §25.1, wider where a peer's own text must go back to it as it came.
extension ByteSet {
    /// `token`.
    static let token = ByteSet("-.!%*_+`'~", alphanumeric: true)
    /// What a Call-ID is made of: anything visible.
    static let word = ByteSet(visibleExcept: "")
    /// A header parameter's value without quotes, when written.
    static let parameterValue = ByteSet(visibleExcept: ";\"")
    /// A header parameter's value without quotes, when read.
    static let readParameterValue = ByteSet(visibleExcept: ";,\"<>")
    /// What stands in a URI anywhere.
    static let uri = ByteSet(visibleExcept: "<>\"")
    /// The user part; `@` and `:` are written as escapes.
    static let user = ByteSet(visibleExcept: "<>\"@:")
    /// A URI parameter, when written.
    static let uriParameter = ByteSet(visibleExcept: "<>\"@;?")
    /// A host name or an IP address without brackets.
    static let host = ByteSet("-._:", alphanumeric: true)

    /// The user part of a SIP URI, when read.
    ///
    /// `#` must be escaped by RFC 3261; phones send it as it is.
    static let readUser = ByteSet("-_.!~*'()&=+$,;?/%#", alphanumeric: true)
    static let readPassword = ByteSet("-_.!~*'()&=+$,%", alphanumeric: true)
    static let readURIParameter = ByteSet("-_.!~*'()[]/:&+$%", alphanumeric: true)
    /// URI headers, when read; `@` is not legal, yet frequent within `?Replaces=`.
    static let readURIHeaders = ByteSet("-_.!~*'()[]/?:+$%=&@,;", alphanumeric: true)
    /// `uric` and `#`: the rest of a URI of another scheme, when read.
    static let readOpaque = ByteSet("-_.!~*'();/?:@&=+$,%[]#", alphanumeric: true)
    static let readScheme = ByteSet("+-.", alphanumeric: true)
    static let digits = ByteSet("0123456789")
    static let hexadecimal = ByteSet("0123456789abcdefABCDEF")
    /// The number of a tel URI with visual separators (RFC 3966 §3).
    static let telephone = ByteSet("0123456789abcdefABCDEF*#-.()+")
    /// Characters of a reserved set: their escapes are not the same as they (RFC 2396 §2.2).
    static let reserved = ByteSet(";/?:@&=+$,")
    /// `ice-char` (RFC 8839 §5.1).
    static let ice = ByteSet("+/", alphanumeric: true)
}
