import MediaCore
import MediaRelay
import SIPCore
import Testing

extension RTPEngineSessionTests {
    @Test("A leg that closes deletes its call at once, though an answer or a question is on its way") func closing() {
        var rig = Self.establishedPhone()
        _ = rig.wait()
        let query = rig.last
        #expect(rig.close().send?.body["command"]?.text == "delete")
        #expect(rig.last?.body["delete delay"] == .integer(0))
        let late = NGMessage(cookie: query?.cookie ?? "", body: Self.report(packets: 1))
        #expect(rig.session.received(late, now: rig.now) == .init())
        #expect(rig.close() == .init())
        for _ in 0..<3 { #expect(rig.wait().send != nil) }
        #expect(rig.wait() == .init(isOver: true))
    }

    @Test("A deletion never overtakes an offer", arguments: [true, false]) func overtaking(isAnswered: Bool) {
        for isFirst in [true, false] {
            var rig = isFirst ? Rig(.rtp) : Self.establishedPhone()
            let offer = isFirst ? rig.open().send : rig.join(Self.other).send
            #expect(offer?.body["command"]?.text == "offer")
            #expect(rig.close() == .init())
            if isAnswered {
                #expect(rig.reply(Self.opened).send?.body["command"]?.text == "delete")
            } else {
                for _ in 0..<3 { #expect(rig.wait() == .init(send: offer)) }
                #expect(rig.wait().send?.body["command"]?.text == "delete")
            }
            #expect(rig.reply(.dictionary([Self.ok])) == .init(isOver: true))
        }
    }

    @Test("An offer that is refused while its leg closes is deleted all the same") func refusedWhileClosing() {
        var rig = Rig(.rtp)
        _ = rig.open()
        _ = rig.close()
        let refusal = Bencode.dictionary([.init("result", .text("error"))])
        let action = rig.reply(refusal)
        #expect(action == .init(send: rig.last))
        #expect(rig.command == "delete")
    }

    @Test("At the very end the deletion waits for nothing") func last() {
        var rig = Rig(.rtp)
        _ = rig.open()
        _ = rig.close()
        #expect(rig.note(rig.session.close(isLast: true, now: rig.now)).send?.body["command"]?.text == "delete")
        #expect(rig.session.close(isLast: true, now: rig.now) == .init())
    }
}
