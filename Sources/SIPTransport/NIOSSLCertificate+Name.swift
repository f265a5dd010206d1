internal import NIOSSL
internal import SIPCore

extension NIOSSLCertificate {
    /// Whether a peer that was asked for by this name may show it (RFC 5922 §7.2).
    ///
    /// NIOSSL takes one for the address that the name led to as well, which nobody who was asked for a name may do: names
    /// lead where the domain name system says. It has compared the common name where there are no other names.
    func isFor(_ name: String) -> Bool {
        var hasAddress = false
        for subject in self._subjectAlternativeNames() {
            switch subject.nameType {
            case .dnsName: if Self.matches(String(decoding: subject.contents, as: UTF8.self), name) { return true }
            case .ipAddress: hasAddress = true
            default: break
            }
        }
        return !hasAddress
    }

    /// `*.` stands for one label, as carriers have it.
    private static func matches(_ subject: String, _ name: String) -> Bool {
        guard subject.hasPrefix("*.") else { return subject.equalsIgnoringCase(name) }
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return false }
        return String(name[dot...]).equalsIgnoringCase(String(subject.dropFirst()))
    }
}
