/// A host that speaks SIP.
final class NetworkNode {
    enum Role {
        case gateway(GatewayNode)
        case phone(Phone)
        case proxy(ForkingProxy)
        case none
    }

    let host: String
    let name: String
    let link: Link
    let takesStreams: Bool
    /// Of its datagrams, as others see it; what goes to another one is lost.
    var port: UInt16 = 5060
    var role = Role.none
    var streams: [Stream] = []

    init(host: String, name: String, link: Link, takesStreams: Bool) {
        self.host = host
        self.name = name
        self.link = link
        self.takesStreams = takesStreams
    }

    var phone: Phone? {
        if case .phone(let phone) = self.role { return phone }
        return nil
    }

    var isGone: Bool { self.phone?.isGone ?? false }
}
