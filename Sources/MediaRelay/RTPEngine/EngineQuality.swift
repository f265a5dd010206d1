import MediaCore
import SIPCore

/// Tells every so often how a leg has fared, of the reports that both sides wrote meanwhile.
///
/// rtpengine counts no loss itself: what the peer sends is judged by whoever hears it in the end, so the way from
/// rtpengine to there counts in. It tells of reports only where both sides write them, and one of them is an app.
struct EngineQuality {
    private static let interval = QualityMeter.interval

    private var next: Instant?
    private var peerTime: Int64?
    private var time: Int64?

    mutating func observed(_ report: EngineReport, now: Instant) -> MediaQuality? {
        guard let next else {
            self.next = now + Self.interval
            return nil
        }
        let (mine, theirs) = (report.reception, report.peerReception)
        guard next <= now, mine?.time != self.time || theirs?.time != self.peerTime else { return nil }
        self.next = now + Self.interval
        (self.time, self.peerTime) = (mine?.time, theirs?.time)
        return MediaQuality(
            lossPerMille: mine?.lossPerMille ?? 0,
            peerLossPerMille: theirs?.lossPerMille,
            jitter: mine?.jitter ?? .zero,
            roundTrip: theirs?.roundTrip
        )
    }
}
