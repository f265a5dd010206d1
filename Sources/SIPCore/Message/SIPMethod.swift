/// A request method (RFC 3261 §7.1); names are case-sensitive.
package enum SIPMethod: Hashable, Sendable {
    case invite
    case ack
    case bye
    case cancel
    case options
    case register
    /// RFC 6086.
    case info
    /// RFC 3311.
    case update
    /// RFC 3262.
    case prack
    /// RFC 3428.
    case message
    /// RFC 3515.
    case refer
    /// RFC 6665; of refer alone.
    case notify
    case other(String)

    package init(_ name: String) {
        switch name {
        case "INVITE": self = .invite
        case "ACK": self = .ack
        case "BYE": self = .bye
        case "CANCEL": self = .cancel
        case "OPTIONS": self = .options
        case "REGISTER": self = .register
        case "INFO": self = .info
        case "UPDATE": self = .update
        case "PRACK": self = .prack
        case "MESSAGE": self = .message
        case "REFER": self = .refer
        case "NOTIFY": self = .notify
        default: self = .other(name)
        }
    }

    package var name: String {
        switch self {
        case .invite: "INVITE"
        case .ack: "ACK"
        case .bye: "BYE"
        case .cancel: "CANCEL"
        case .options: "OPTIONS"
        case .register: "REGISTER"
        case .info: "INFO"
        case .update: "UPDATE"
        case .prack: "PRACK"
        case .message: "MESSAGE"
        case .refer: "REFER"
        case .notify: "NOTIFY"
        case .other(let name): name
        }
    }
}
