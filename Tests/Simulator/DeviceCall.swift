import CallCore
import ClientProtocol

/// A call as one device sees it, and what the device will do with it.
final class DeviceCall {
    enum Stage {
        case ringing
        case answered
        case over
    }

    /// When a caller offers.
    enum Offering {
        case withStart
        case whileRinging
        case afterAnswer
        case never
    }

    /// How its candidates travel.
    enum Trickling {
        /// One after the other, and then the word that there are no more.
        case complete
        /// The same without that word.
        case open
        /// All in the SDP.
        case none
    }

    /// The number of the call in this run; -1: not known yet.
    var origin: Int
    let side: Side
    var peer: PartyID
    let serial: Int
    var id: String?
    var stage = Stage.ringing
    var answeredAt: UInt64 = 0
    var requestID: JSONFragment?
    /// The `request_id` of its offers and answers.
    var tag: JSONFragment { JSONFragment(utf8: Array("\"c\(self.serial)\"".utf8)) }
    var version = 0
    var hasOffered = false
    /// An offer of the peer's waits for its answer.
    var owesAnswer = false
    /// A description of the peer's has come.
    var hasHeard = false
    /// It made mischief, perhaps before it knew which call of the run this is.
    var isToBlame = false
    /// Who is heard.
    var owner: String?
    /// The peer's description that came last.
    var lastHeard: JSONFragment?
    /// How often it has restarted ICE.
    var restarts = 0
    /// The `request_id` of its transfer, once one is ordered.
    var transferTag: JSONFragment?
    /// It has not been told what came of that.
    var isTransferring = false
    /// Its party was to be joined with the one of another call.
    var isHandedOn = false
    /// When it was held or taken back last.
    var heldAt: UInt64?
    var offering = Offering.afterAnswer
    var trickling = Trickling.complete
    var candidates = 0
    var answersOffers = true
    var padding = 0

    init(origin: Int, side: Side, peer: PartyID, serial: Int, id: String?) {
        self.origin = origin
        self.side = side
        self.peer = peer
        self.serial = serial
        self.id = id
    }
}
