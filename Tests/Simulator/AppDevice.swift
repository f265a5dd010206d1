import CallCore
import ClientProtocol

/// An app on one device of a user: a client that knows the protocol's page, with a will of its own.
final class AppDevice {
    enum Step {
        case offer(DeviceCall)
        case candidate(DeviceCall, Int)
        case answerCall(DeviceCall)
        case reject(DeviceCall)
        case answer(DeviceCall)
        case cancel(DeviceCall)
        case hangUp(DeviceCall)
        case hold(DeviceCall, Bool)
        case dial(DeviceCall)
        case mischief(DeviceCall)
        case transfer(DeviceCall)
        /// Its transfer has succeeded: the call must be over by now.
        case checkTransferred(DeviceCall)
        /// It ended the call with a message that could have meant another one, too.
        case endAgain(DeviceCall)
        case lose
        case connect
    }

    unowned let world: World
    let index: Int
    let gateway: GatewayNode
    private(set) var identity: ClientIdentity
    let profile: ClientProfile
    var random: SplitMix64
    var link: AppLink?
    var calls: [DeviceCall] = []
    /// How many seconds each of its tokens is good for; nil: for ever.
    private let tokenLife: Int?
    private let delay: UInt64
    private var serial = 0

    var name: String { "app\(self.index)(\(self.identity.userID.text))" }
    var isGood: Bool { self.world.profile.isCooperative }

    init(
        world: World,
        index: Int,
        gateway: GatewayNode,
        identity: ClientIdentity,
        profile: ClientProfile,
        random: SplitMix64
    ) {
        self.world = world
        self.index = index
        self.gateway = gateway
        self.identity = identity
        self.profile = profile
        var random = random
        self.delay = random.milliseconds(1, 150)
        let expires = !world.profile.isCooperative && random.chance(20)
        self.tokenLife = expires ? random.between(5, 80) : nil
        self.random = random
    }

    func plan(_ step: Step, after span: UInt64) {
        self.world.schedule(.device(self, step), after: span)
    }

    func violate(_ text: String, _ call: DeviceCall?) {
        self.world.violate("\(self.name): \(text)", call: call?.id)
    }

    func nextSerial() -> Int {
        self.serial += 1
        return self.serial
    }

    // MARK: The link

    func connect() {
        guard self.link == nil else { return }
        let link = AppLink(connection: self.world.newConnection(), device: self)
        self.link = link
        if let life = self.tokenLife { self.identity.expiresAt = UInt64(self.world.seconds) + UInt64(life) }
        self.gateway.links[link.connection] = link
        link.arrivalAtGateway = self.world.now + self.delay
        self.world.queue.insert(.linkUp(link), at: link.arrivalAtGateway)
    }

    /// The link is cut; the gateway notices later, perhaps much later.
    func lose() {
        guard self.link != nil else { return }
        self.world.faults.cuts += 1
        self.close()
    }

    /// The link is gone; it may come back, but not for ever, or the run would have no end.
    func close() {
        guard let link = self.link else { return }
        self.link = nil
        link.isOpen = false
        let notice = self.random.chance(30) ? self.random.milliseconds(1000, 20_000) : self.delay
        self.world.queue.insert(.linkDown(link), at: max(link.arrivalAtGateway, self.world.now) + notice)
        for call in self.calls { call.isTransferring = false }
        for call in self.calls where call.stage != .over {
            self.world.blame(call.origin)
            self.close(call, "link lost")
        }
        if self.world.now < self.world.stopTime, self.random.chance(70) {
            self.plan(.connect, after: self.random.milliseconds(100, 20_000))
        }
    }

    func disconnectForGood() {
        guard let link = self.link else { return }
        self.link = nil
        link.isOpen = false
        self.gateway.receive(.disconnected(link.connection), origin: -1)
    }

    /// The gateway says something.
    func deliver(_ event: ClientEvent, over link: AppLink) {
        link.arrivalAtDevice = max(link.arrivalAtDevice + 1, self.world.now + self.delay)
        self.world.queue.insert(.downlink(link, event), at: link.arrivalAtDevice)
    }

    func send(_ action: ClientAction, of call: DeviceCall?, requestID: JSONFragment? = nil) {
        guard let link = self.link else { return }
        let jitter = self.random.chance(10) ? self.random.milliseconds(0, 300) : 0
        link.arrivalAtGateway = max(link.arrivalAtGateway + 1, self.world.now + self.delay + jitter)
        self.world.queue.insert(
            .uplink(link, ClientRequest(action: action, requestID: requestID), origin: call?.origin ?? -1),
            at: link.arrivalAtGateway
        )
    }

    /// How a message names its call: by its id, by the peer, or by both.
    func address(_ call: DeviceCall, surely: Bool = false) -> (id: String?, peer: PartyID?) {
        guard let id = call.id else { return (nil, self.spelled(call.peer)) }
        if surely { return (id, nil) }
        // Good clients name the call: the peer may be calling once more at this very moment.
        if self.isGood { return (id, self.random.chance(50) ? self.spelled(call.peer) : nil) }
        switch self.random.below(10) {
        case 0..<2: return (id, nil)
        case 2..<4: return (nil, self.spelled(call.peer))
        default: return (id, self.spelled(call.peer))
        }
    }

    /// An id may be written as a number or as a string.
    func spelled(_ peer: PartyID) -> PartyID {
        guard self.random.chance(20), peer.text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return peer }
        return PartyID(text: peer.text, isNumber: !peer.isNumber)
    }

    // MARK: Steps

    func perform(_ step: Step) {
        switch step {
        case .connect: self.connect()
        case .lose: self.lose()
        case .offer(let call): self.offer(call)
        case .candidate(let call, let number): self.trickle(call, number)
        case .answerCall(let call): self.answerCall(call)
        case .reject(let call): self.reject(call)
        case .answer(let call): self.answer(call)
        case .cancel(let call):
            guard call.stage == .ringing || (!self.isGood && call.stage == .answered) else { return }
            call.isTransferring = false
            let (id, peer) = self.address(call)
            self.send(.cancelCall(callID: id, calleeID: peer), of: call, requestID: call.requestID)
            self.close(call, "cancelled")
        case .hangUp(let call):
            guard call.stage != .over else { return }
            // Good people wait for what they have ordered.
            if self.isGood, call.isTransferring { return self.plan(step, after: 5_000_000_000) }
            call.isTransferring = false
            let (id, peer) = self.address(call, surely: true)
            self.send(.hangUp(callID: id, peerID: peer), of: call)
            self.close(call, "cancelled")
        case .hold(let call, let isHeld): self.hold(call, isHeld)
        case .dial(let call): self.dial(call)
        case .transfer(let call): self.transfer(call)
        case .checkTransferred(let call): self.checkTransferred(call)
        case .mischief(let call): self.makeMischief(call)
        case .endAgain(let call):
            if call.id == nil {
                self.send(.cancelCall(callID: nil, calleeID: call.peer), of: call, requestID: call.requestID)
            } else {
                self.send(.hangUp(callID: call.id, peerID: nil), of: call)
            }
        }
    }

    /// The call is over for this device.
    func close(_ call: DeviceCall, _ outcome: String) {
        guard call.stage != .over else { return }
        if self.isGood, call.stage == .answered, !call.hasHeard, call.offering != .never,
            self.world.now > call.answeredAt + 15_000_000_000
        {
            self.violate("was in an answered call, and never got a description", call)
        }
        call.stage = .over
        if call.side == .caller { self.world.settle(call.origin, outcome, call: call.id) }
    }

    func stop(_ stage: Int) {
        for call in self.calls where call.stage != .over {
            guard (stage == 1) == (call.side == .caller) else { continue }
            if call.id == nil {
                self.perform(.cancel(call))
            } else {
                self.perform(.hangUp(call))
            }
        }
    }

    func auditEnd() {
        guard self.link != nil else { return }
        for call in self.calls where call.stage != .over {
            self.violate("still has a call with \(call.peer.text)", call)
        }
        self.auditTransfers()
    }
}
