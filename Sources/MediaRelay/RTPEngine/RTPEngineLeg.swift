import MediaCore
import SIPCore

/// A leg, its machine, and where both stand.
final class RTPEngineLeg {
    let id: MediaLegID
    let kind: MediaLegKind
    var session: RTPEngineSession
    /// Of its call at rtpengine, within this process.
    var number: Int
    var instance: Int
    /// Every instance that was asked to lay it out.
    var tried: Set<Int>
    /// Orders that came before it was laid out, to be told again at the next instance.
    var peer: MediaPeer?
    var partner: MediaLegID?
    /// Where its inner side awaits packets.
    var inner: MediaAddress?

    init(
        _ id: MediaLegID,
        _ kind: MediaLegKind,
        _ call: (number: Int, name: String),
        instance: Int,
        timing: RTPEngineSession.Timing
    ) {
        self.id = id
        self.kind = kind
        self.number = call.number
        self.instance = instance
        self.tried = [instance]
        self.session = RTPEngineSession(id, kind, call: call.name, timing: timing)
    }

    /// Begins anew at another instance.
    func move(to instance: Int, _ call: (number: Int, name: String), timing: RTPEngineSession.Timing) {
        self.instance = instance
        self.tried.insert(instance)
        self.number = call.number
        self.session = RTPEngineSession(self.id, self.kind, call: call.name, timing: timing)
    }
}
