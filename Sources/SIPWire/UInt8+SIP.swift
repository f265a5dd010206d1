extension UInt8 {
    static let tab = UInt8(0x09)
    static let lineFeed = UInt8(0x0A)
    static let carriageReturn = UInt8(0x0D)
    static let space = UInt8(0x20)

    /// This byte as a lower-case ASCII letter where it is an upper-case one.
    @inline(__always)
    var lowercasedLetter: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

    @inline(__always)
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    @inline(__always)
    var isLetterOrDigit: Bool {
        let lower = self | 0x20
        return self.isDigit || (lower >= 0x61 && lower <= 0x7A)
    }

    /// A control character; the tab, which counts as a space, is none.
    @inline(__always)
    var isControl: Bool { (self < 0x20 && self != .tab) || self == 0x7F }

    @inline(__always)
    var isSpaceOrTab: Bool { self == .space || self == .tab }

    @inline(__always)
    var isVisibleASCII: Bool { self > .space && self < 0x7F }

    /// `token` of RFC 3261 §25.1.
    var isToken: Bool {
        if self.isLetterOrDigit { return true }
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "`"), UInt8(ascii: "'"), UInt8(ascii: "~"):
            return true
        default:
            return false
        }
    }

    /// A byte of a host name or an IPv4 address; underscores are not in the grammar, but in the field.
    var isHostName: Bool {
        self.isLetterOrDigit || self == UInt8(ascii: ".") || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
    }
}
