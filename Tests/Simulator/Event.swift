import ClientProtocol
import SIPCore

/// Something that will happen at a moment of simulated time.
enum Event {
    /// A datagram arrives.
    case datagram(NetworkNode, Packet, from: String)
    /// A message arrives over a connection.
    case streamed(Stream, to: NetworkNode, Packet, ClientTransactionKey?)
    /// Both ends notice that a connection is gone.
    case closed(Stream)
    /// A gateway learns that it could not send.
    case unsent(GatewayNode, ClientTransactionKey)
    case linkUp(AppLink)
    case linkDown(AppLink)
    case uplink(AppLink, ClientRequest, origin: Int)
    case downlink(AppLink, ClientEvent)
    case device(AppDevice, AppDevice.Step)
    case phone(Phone, Phone.Step)
    case proxy(ForkingProxy, ForkingProxy.Context)
    case proxyCancel(ForkingProxy, ForkingProxy.Context)
    /// The call of that number begins.
    case begin(Int)
    case chaos(Chaos)
    /// The users stop: callers first, then callees, then phones that were forgotten; last the operator.
    case stop(Int)

    enum Chaos {
        case cut(Link, until: UInt64)
        case breakStreams(NetworkNode)
        case vanish(Phone)
    }
}

/// A message on its way, by reference, so that the queue moves little.
final class Packet {
    let message: SIPMessage

    init(_ message: SIPMessage) {
        self.message = message
    }
}

/// How good the way between two nodes is.
final class Link {
    /// Of a hundred datagrams.
    let loss: Int
    let duplication: Int
    let reordering: Int
    let delay: UInt64
    let jitter: UInt64
    /// Nothing passes until then.
    var cutUntil: UInt64 = 0
    /// It has been cut at some time, or one of its ends vanished: what depends on delivery is not checked any more.
    var wasCut = false

    init(loss: Int, duplication: Int, reordering: Int, delay: UInt64, jitter: UInt64) {
        self.loss = loss
        self.duplication = duplication
        self.reordering = reordering
        self.delay = delay
        self.jitter = jitter
    }
}

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
    var role = Role.none
    var streams: [Stream] = []

    init(host: String, name: String, link: Link, takesStreams: Bool) {
        self.host = host
        self.name = name
        self.link = link
        self.takesStreams = takesStreams
    }

    var isGone: Bool {
        if case .phone(let phone) = self.role { return phone.isGone }
        return false
    }
}

/// A TCP connection between two nodes: neither loses nor reorders, but may break.
final class Stream {
    let id: UInt64
    let first: NetworkNode
    let second: NetworkNode
    var isOpen = true
    var arrivalAtFirst: UInt64 = 0
    var arrivalAtSecond: UInt64 = 0

    init(id: UInt64, first: NetworkNode, second: NetworkNode) {
        self.id = id
        self.first = first
        self.second = second
    }

    func other(_ node: NetworkNode) -> NetworkNode { node === self.first ? self.second : self.first }
}

/// A WebSocket of a device: reliable and in order, until it is cut.
final class AppLink {
    let connection: ConnectionID
    let device: AppDevice
    var isOpen = true
    var arrivalAtGateway: UInt64 = 0
    var arrivalAtDevice: UInt64 = 0

    init(connection: ConnectionID, device: AppDevice) {
        self.connection = connection
        self.device = device
    }
}
