package import SIPCore

/// A digit that a peer pressed, as far as its events have told.
package struct Digit: Hashable, Sendable {
    /// 0 to 15 (RFC 4733 §3.2).
    package let code: UInt8
    package var duration: SIPCore.Span

    /// Nil where the code is no digit's, as that of a flash.
    package init?(code: UInt8, duration: SIPCore.Span) {
        guard code < 16 else { return nil }
        self.code = code
        self.duration = duration
    }

    /// Nil where the character is no digit; lower case letters are.
    package init?(_ character: Character, duration: SIPCore.Span) {
        switch character.asciiValue {
        case .some(let byte) where 0x30...0x39 ~= byte: self.code = byte - 0x30
        case 0x2A: self.code = 10
        case 0x23: self.code = 11
        case .some(let byte) where 0x41...0x44 ~= byte & 0xDF: self.code = (byte & 0xDF) - 0x41 + 12
        case .some, .none: return nil
        }
        self.duration = duration
    }

    /// `0`–`9`, `*`, `#`, `A`–`D`.
    package var character: Character {
        switch self.code {
        case 0...9: Character(UnicodeScalar(0x30 + self.code))
        case 10: "*"
        case 11: "#"
        default: Character(UnicodeScalar(0x41 - 12 + self.code))
        }
    }
}
