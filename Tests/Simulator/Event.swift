import ClientProtocol
import MediaCore
import SIPCore

/// Something that will happen at a moment of simulated time.
enum Event {
    /// A datagram arrives.
    case datagram(NetworkNode, Packet, from: SIPAddress)
    /// A message arrives over a connection.
    case streamed(Stream, to: NetworkNode, Packet, ClientTransactionKey?)
    /// Both ends notice that a connection is gone.
    case closed(Stream)
    /// A gateway learns that it could not send.
    case unsent(GatewayNode, ClientTransactionKey)
    /// The media engine of a gateway says something.
    case media(GatewayNode, MediaEvent)
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
