/// What kind of world a simulated run happens in.
package struct SimulationProfile: Hashable, Sendable {
    /// How many calls are begun.
    package var calls: Int
    /// Seconds of simulated time over which they begin.
    package var spread: Int
    /// Everybody answers, exchanges descriptions in good order and hangs up: then nothing may fail.
    package var isCooperative: Bool
    /// The most of a hundred datagrams that a link loses; each link draws its own.
    package var loss: Int
    /// Whether links are cut, connections break, and peers vanish.
    package var hasCuts: Bool
    /// So lossy that a whole transaction may be lost: then what depends on its delivery is not checked.
    package var isHarsh: Bool
    /// Whether both gateways anchor the media of all calls with phones, and of those between the two.
    package var relays: Bool
    /// Whether phones and gateways ring reliably, update and refresh.
    package var hasExtensions: Bool
    /// Whether some phones are no trunks, but register and call by digest.
    package var registers: Bool
    /// Whether apps and phones transfer their calls, and phones do as they are asked to.
    package var transfers: Bool
    /// A fault in the gateway or the network that the invariants have to notice, or to bear.
    package var plantedFault: PlantedFault?

    package init(
        calls: Int = 50,
        spread: Int = 40,
        isCooperative: Bool = false,
        loss: Int = 8,
        hasCuts: Bool = true,
        isHarsh: Bool = false,
        relays: Bool = false,
        hasExtensions: Bool = false,
        registers: Bool = false,
        transfers: Bool = false,
        plantedFault: PlantedFault? = nil
    ) {
        self.calls = calls
        self.spread = spread
        self.isCooperative = isCooperative
        self.loss = loss
        self.hasCuts = hasCuts
        self.isHarsh = isHarsh
        self.relays = relays
        self.hasExtensions = hasExtensions
        self.registers = registers
        self.transfers = transfers
        self.plantedFault = plantedFault
    }

    /// Good people on good links, where datagrams are only late, doubled and out of order.
    package static let calm = SimulationProfile(isCooperative: true, loss: 0, hasCuts: false)
    /// Racing, sloppy and vanishing peers on bad links.
    package static let stormy = SimulationProfile()
    /// The same people on good links: whatever fails is their doing, or the gateway's.
    package static let racing = SimulationProfile(loss: 0, hasCuts: false)
    /// The people of `stormy` on links that lose a third.
    package static let harsh = SimulationProfile(loss: 35, isHarsh: true)

    /// The profile that belongs to a seed: mostly stormy, some calm, some racing, some harsh; half of each with a relay, a third
    /// with what newer phones do, half of all those with phones that register, three of seven with transfers.
    package static func drawn(seed: UInt64) -> SimulationProfile {
        var profile: SimulationProfile
        switch seed % 10 {
        case 0, 5: profile = .calm
        case 3, 7: profile = .racing
        case 9: profile = .harsh
        default: profile = .stormy
        }
        profile.relays = seed / 10 % 2 == 1
        profile.hasExtensions = seed % 3 == 0
        profile.registers = seed / 20 % 2 == 1
        profile.transfers = seed % 7 < 3
        return profile
    }
}

/// A fault that is put in on purpose, to prove that the checks see it.
package enum PlantedFault: Hashable, Sendable, CaseIterable {
    /// The network loses every ACK towards a gateway. To be borne: such calls end by BYE.
    case lostAcks
    /// A gateway swallows an event that ends a call for an app.
    case swallowedEnding
    /// A gateway tells an app twice that its call is over.
    case doubledEnding
    /// A gateway does not hear one hang-up of an app.
    case deafToHangUp
    /// A gateway does not hear the `answer` of an app.
    case deafToAnswer
    /// A gateway answers a transaction a second time, with another final response.
    case secondFinal
    /// A gateway never ACKs.
    case neverAcks
    /// A gateway never sends BYE.
    case neverEnds
    /// A gateway forgets for a while that bindings expire.
    case eternalBindings
    /// A gateway does not hang up on a phone whose transfer has succeeded.
    case keptTransferor
}
