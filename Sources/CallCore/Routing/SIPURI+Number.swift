package import SIPCore

extension SIPURI {
    /// What is dialled by it; nil where it names nobody.
    ///
    /// The user part without its escapes; of a tel URI the number without the separators that are for the eye (RFC 3966 §3).
    package var dialledNumber: String? {
        switch self.scheme {
        case .tel: self.user?.filter { !"-.()".contains($0) }
        case .sip, .sips, .other: self.unescapedUser
        }
    }
}
