import MediaCore
import MediaRelay
import SIPCore
import Testing

extension RTPEngineSessionTests {
    private static func reception(percent: Int64, jitter: Int64, roundTrip: Int64, at time: Int64) -> Bencode {
        let entry = Bencode.dictionary([
            .init("packet loss", .integer(percent)), .init("jitter", .integer(jitter)),
            .init("round-trip time leg", .integer(roundTrip)), .init("reported at", .integer(time)),
        ])
        return .dictionary([.init("MOS progression", .dictionary([.init("entries", .list([entry]))]))])
    }

    /// What both sides report, the peer by source 7 and whoever hears it by source 8.
    private static func receptions(_ reports: [(source: Int64, report: Bencode)]) -> Bencode {
        func side(_ source: Int64, packets: Int64) -> Bencode {
            let stream = Bencode.dictionary([
                .init("SSRC", .integer(source)), .init("stats", .dictionary([.init("packets", .integer(packets))])),
            ])
            return .dictionary([.init("medias", .list([.dictionary([.init("streams", .list([stream]))])]))])
        }
        let sides = Bencode.dictionary([.init("out", side(7, packets: 40)), .init("in", side(8, packets: 30))])
        let sources = reports.map { Bencode.Entry(String($0.source), $0.report) }
        return .dictionary([Self.ok, .init("tags", sides), .init("SSRC", .dictionary(sources))])
    }

    @Test("How the leg fares is told every 5 s, where anybody has reported since") func quality() {
        var rig = Self.establishedPhone()
        let begin = rig.now
        var told: [(Span, MediaEvent)] = []
        for second in 1...20 {
            _ = rig.wait()
            let time: Int64 = second < 12 ? 1_000 : 1_012
            var reports = [
                (source: Int64(7), report: Self.reception(percent: 3, jitter: 9, roundTrip: 1_500, at: time))
            ]
            if second >= 12 { reports.append((8, Self.reception(percent: 20, jitter: 4, roundTrip: 0, at: time))) }
            let action = rig.reply(Self.receptions(reports))
            #expect(action.traffic == (second == 1 ? .init(received: 40, sent: 30) : .init()))
            for case .quality(let leg, let quality) in action.events {
                told.append((rig.now - begin, .quality(leg, quality)))
            }
        }
        let first = MediaQuality(
            lossPerMille: 0,
            peerLossPerMille: 30,
            jitter: .zero,
            roundTrip: Span(nanoseconds: 1_500_000)
        )
        var second = first
        (second.lossPerMille, second.jitter) = (200, .milliseconds(4))
        #expect(told.map(\.0) == [.seconds(6), .seconds(12)])
        #expect(told.map(\.1) == [.quality(Self.leg, first), .quality(Self.leg, second)])
    }
}
