import CallCore
import ClientProtocol
import MediaCore
import SIPCore

extension CallTable {
    /// The media engine said something of a leg; where the leg is gone meanwhile it means nothing.
    func happened(_ event: MediaEvent, now: Instant) {
        guard let bound = self.mediaLegs[event.leg], let entry = self.calls[bound.call] else { return }
        let action: CallAction
        switch event {
        case .opened(_, let endpoint): action = entry.call.mediaOpened(bound.leg, endpoint)
        case .failed: action = entry.call.mediaFailed(bound.leg, now: now)
        case .connected: action = entry.call.mediaConnected(bound.leg)
        case .lost: action = entry.call.mediaLost(bound.leg)
        case .heard(_, let isHeard): action = entry.call.mediaHeard(bound.leg, isHeard)
        case .digit(_, let key, let duration):
            action = entry.call.heardDigit(SIPDigit(key, duration: duration), bound.leg)
        case .quality(_, let quality): action = entry.call.mediaMeasured(bound.leg, quality)
        }
        self.carryOut(action, of: entry, now: now)
    }

    func carryOut(_ order: CallAction.Media, of entry: Entry) {
        switch order {
        case .open(let leg, let kind):
            self.lastMediaLeg.number += 1
            entry.media.append(LegMedia(leg: leg, media: self.lastMediaLeg))
            self.mediaLegs[self.lastMediaLeg] = (entry.call.id, leg)
            self.mediaOutbound.append(.open(self.lastMediaLeg, kind))
        case .restartICE(let leg):
            self.order(leg, of: entry) { .restartICE($0) }
        case .update(let leg, let peer):
            self.order(leg, of: entry) { .update($0, peer) }
        case .join(let leg, let other):
            guard let bound = entry.media.first(where: { $0.leg == other }) else { return }
            self.order(leg, of: entry) { .join($0, bound.media) }
        case .sendDigits(let leg, let digits, let duration):
            self.order(leg, of: entry) { .sendDigits($0, digits, duration: duration) }
        case .close(let leg):
            self.order(leg, of: entry) { .close($0) }
            guard let index = entry.media.firstIndex(where: { $0.leg == leg }) else { return }
            self.mediaLegs[entry.media.remove(at: index).media] = nil
        }
    }

    private func order(_ leg: LegID, of entry: Entry, _ order: (MediaLegID) -> MediaOrder) {
        guard let bound = entry.media.first(where: { $0.leg == leg }) else { return }
        self.mediaOutbound.append(order(bound.media))
    }

    /// The call is over: whatever the engine holds for it goes.
    func closeMedia(of entry: Entry) {
        for bound in entry.media {
            self.mediaOutbound.append(.close(bound.media))
            self.mediaLegs[bound.media] = nil
        }
        entry.media = []
    }
}
