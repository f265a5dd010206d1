import MediaCore
import SIPCore

extension MediaLoop {
    /// Takes care that a leg is looked at when its next deadline comes.
    ///
    /// To be called where a deadline may have come nearer; one that went further is found out when the entry comes up.
    ///
    /// - Parameters:
    ///   - leg: the leg.
    ///   - earliest: no sooner than this.
    func schedule(_ leg: RelayLeg, notBefore earliest: Instant = Instant(nanoseconds: 0)) {
        guard !leg.hasFailed, let next = leg.deadline else { return }
        let deadline = max(next, earliest)
        if let scheduled = leg.scheduled, scheduled <= deadline { return }
        leg.scheduled = deadline
        self.deadlines.insert(.init(deadline: deadline, slot: leg.slot, generation: leg.generation))
    }

    func runDeadlines(now: Instant) {
        while let entry = self.deadlines.next(due: now) {
            guard let leg = self.legs[entry.slot], leg.generation == entry.generation,
                leg.scheduled == entry.deadline
            else { continue }
            leg.scheduled = nil
            self.runDeadlines(of: leg, now: now)
            // A deadline that stays in the past would hold the loop for ever.
            self.schedule(leg, notBefore: now + .milliseconds(1))
        }
    }

    private func runDeadlines(of leg: RelayLeg, now: Instant) {
        guard !leg.hasFailed else { return }
        if case .app(let path) = leg.path { self.runAssociationDeadlines(of: leg, path, now: now) }
        self.sendDigits(of: leg, now: now)
        self.sendTranscoded(of: leg, now: now)
        if let deadline = leg.digits.deadline, deadline <= now { self.runDigitDeadline(of: leg, now: now) }
        if leg.reachesPeer, leg.control.deadline <= now { self.sendControl(of: leg, isGoodbye: false, now: now) }
        if let quality = leg.quality?.timeoutReached(leg.reception, &leg.control, now: now) {
            if let loss = quality.peerLossPerMille { leg.transcoder?.expect(lossPerMille: loss) }
            self.events.append(.quality(leg.id, quality))
        }
        while let event = leg.watch?.timeoutReached(now: now) { self.events.append(event) }
    }

    private func runDigitDeadline(of leg: RelayLeg, now: Instant) {
        guard let partner = leg.partner else {
            self.tell(leg.digits.timeoutReached(to: &self.nobody, now: now), of: leg)
            return
        }
        self.tell(leg.digits.timeoutReached(to: &partner.digitSender, now: now), of: leg)
        self.schedule(partner)
    }
}
