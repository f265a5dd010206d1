package import ClientProtocol
package import SIPCore

/// The device that calls, and so does not ring: a call to oneself rings one's other devices (gateway-profile §6).
package enum CallingDevice: Hashable, Sendable {
    case app(ConnectionID)
    /// A phone that registers here, by the Contact and the source of its INVITE.
    case phone(String, contact: SIPURI?, source: SIPAddress)

    package func isApp(_ connection: ConnectionID) -> Bool {
        switch self {
        case .app(let own): own == connection
        case .phone: false
        }
    }

    package func isPhone(_ name: String, at target: PhoneTarget) -> Bool {
        switch self {
        case .app: false
        case .phone(let own, let contact, let source):
            own == name && (contact.map(target.uri.isEquivalent) ?? false || target.flow?.remote == source)
        }
    }
}
