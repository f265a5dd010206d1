import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The relay between an app and a phone") struct RelayAppTests {
    @Test("Sound goes both ways, protected toward the app and plain toward the phone") func bothWays() throws {
        let bench = try RelayBench()
        let (app, phone) = (try bench.connectedApp(), try bench.phone())
        try bench.settle([.join(app.id, phone.id)])
        try app.speak(7)
        #expect(try #require(phone.socket.receive(.rtp)).bytes.suffix(160) == Sound.packet(7).suffix(160))
        try phone.speak(8)
        #expect(try #require(try app.hear()).suffix(160) == Sound.packet(8).suffix(160))
    }

    @Test("The endpoint has one port for all apps, with credentials of their own") func endpoint() throws {
        let bench = try RelayBench { $0.advertised = [MediaAddress(ipv4: 0xC000_0201, port: 0)] }
        let (first, second) = (try bench.app().endpoint, try bench.app().endpoint)
        #expect(first.addresses == second.addresses)
        #expect(first.addresses.map(\.host) == ["192.0.2.1", "127.0.0.1"])
        #expect(first.fingerprint == second.fingerprint)
        #expect(first.ice != second.ice)
        #expect(first.rtcpPort == nil)
        #expect(first.sdes.isEmpty)
    }

    @Test("As the client, the gateway begins once the app has nominated an address") func clientRole() throws {
        let bench = try RelayBench()
        let app = try bench.app(role: .server)
        try bench.settle([.update(app.id, app.peer(role: .client))])
        #expect(try app.check(nominates: false))
        #expect(app.socket.receive(milliseconds: 0) == nil)
        #expect(try app.check())
        try app.shakeHands()
        #expect(bench.log.comes(.connected(app.id)))
        #expect(app.srtp != nil)
    }

    @Test("A handshake that is quicker than the description waits for it") func earlyHandshake() throws {
        let bench = try RelayBench()
        let app = try bench.app()
        #expect(try app.check())
        try app.shakeHands()
        #expect(app.srtp != nil)
        try bench.settle([])
        #expect(bench.log.left == [])
        bench.engine.perform([.update(app.id, app.peer())])
        #expect(bench.log.comes(.connected(app.id)))
    }

    @Test("A certificate that is not the described one fails the leg, and nothing passes")
    func wrongFingerprint() throws {
        let bench = try RelayBench()
        let (app, phone) = (try bench.app(), try bench.phone())
        let stranger = try DTLSCertificate()
        bench.engine.perform([
            .update(app.id, app.peer(fingerprints: [stranger.fingerprint])), .join(app.id, phone.id),
        ])
        #expect(try app.check())
        try app.shakeHands()
        #expect(bench.log.comes(.failed(app.id, .dtls)))
        if app.srtp != nil { try app.speak(1) }
        try phone.speak(1)
        try bench.settle([])
        #expect(phone.socket.receive(milliseconds: 0) == nil)
        #expect(app.socket.receive(.rtp, milliseconds: 0) == nil)
    }

    @Test("Another fingerprint in a later description asks for a new handshake") func newFingerprint() throws {
        let bench = try RelayBench()
        let (app, phone) = (try bench.connectedApp(), try bench.phone())
        try bench.settle([.join(app.id, phone.id)])
        let next = try ScriptedApp(id: app.id, endpoint: app.endpoint)
        bench.engine.perform([.update(app.id, next.peer())])
        #expect(try next.check())
        try next.shakeHands()
        #expect(bench.log.comes(.connected(app.id)))
        try next.speak(1)
        #expect(phone.socket.receiveRTP() != nil)
        try phone.speak(1)
        #expect(try next.hear() != nil)
    }

    @Test("A stranger's packets to the apps' port go nowhere and get no answer") func stranger() throws {
        let bench = try RelayBench()
        let (app, phone) = (try bench.connectedApp(), try bench.phone())
        try bench.settle([.join(app.id, phone.id)])
        let stranger = try TestSocket()
        let target = try app.target
        stranger.send(Sound.packet(1), to: target)
        try app.speak(1, from: stranger)
        stranger.send([22, 254, 253] + [UInt8](repeating: 0, count: 40), to: target)
        stranger.send(BindingCheck(username: "nobodyXX:me", password: "of nobody's").bytes, to: target)
        stranger.send(BindingCheck(password: nil).bytes, to: target)
        app.socket.send(Sound.packet(2), to: target)
        try app.speak(2)
        #expect(try #require(phone.socket.receive(.rtp)).bytes.last == 2)
        try bench.settle([])
        #expect(stranger.receive(milliseconds: 0) == nil)
        #expect(bench.engine.counters.dropped.strangers == 3)
        #expect(bench.engine.counters.dropped.unauthenticated == 1)
    }

    @Test("A check with a wrong password moves nothing") func wrongPassword() throws {
        let bench = try RelayBench()
        let (app, phone) = (try bench.connectedApp(), try bench.phone())
        try bench.settle([.join(app.id, phone.id)])
        let stranger = try TestSocket()
        try app.sendCheck(from: stranger, password: "not the right password")
        try bench.settle([])
        try phone.speak(1)
        #expect(try app.hear() != nil)
        #expect(stranger.receive(.rtp, milliseconds: 0) == nil)
    }

    @Test("After an ICE restart, sound follows the app to its new address without a new handshake")
    func restart() throws {
        let bench = try RelayBench()
        let (app, phone) = (try bench.connectedApp(), try bench.phone())
        try bench.settle([.join(app.id, phone.id)])
        bench.engine.perform([.restartICE(app.id)])
        let endpoint = try bench.opened(app.id)
        #expect(endpoint.ice != app.endpoint.ice)
        #expect(endpoint.fingerprint == app.endpoint.fingerprint)
        try phone.speak(1)
        #expect(try app.hear() != nil)

        app.adopt(endpoint)
        let elsewhere = try TestSocket()
        #expect(try app.check(from: elsewhere))
        try phone.speak(2)
        #expect(try app.hear(over: elsewhere)?.last == 2)
        try app.speak(1, from: elsewhere)
        #expect(phone.socket.receiveRTP() != nil)
    }

    @Test("Two apps are joined as any two legs are") func twoApps() throws {
        let bench = try RelayBench()
        let (left, right) = (try bench.connectedApp(), try bench.connectedApp())
        try bench.settle([.join(left.id, right.id)])
        try left.speak(1)
        #expect(try right.hear()?.last == 1)
        try right.speak(2)
        #expect(try left.hear()?.last == 2)
    }

    @Test("A closed leg says goodbye in DTLS and answers no check any more") func close() throws {
        let bench = try RelayBench()
        let app = try bench.connectedApp()
        try bench.settle([.close(app.id)])
        let notify = try #require(app.socket.receive(.dtls))
        let action = unsafe notify.bytes.withUnsafeBytes {
            unsafe app.session.receive($0, now: Instant(nanoseconds: 2))
        }
        #expect(action.event == .closed)
        try app.sendCheck()
        try bench.settle([])
        #expect(app.socket.receive(.stun, milliseconds: 0) == nil)
        #expect(bench.engine.counters.legs == 0)
    }
}
