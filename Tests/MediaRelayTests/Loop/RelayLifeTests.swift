import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The relay from start to stop") struct RelayLifeTests {
    @Test("Closing every leg frees every port") func close() throws {
        let bench = try RelayBench()
        let (left, right) = (try bench.phone(), try bench.phone())
        let app = try bench.app()
        try bench.settle([.join(left.id, right.id)])
        #expect(bench.engine.counters.portsInUse == 4)
        try bench.settle([.close(left.id), .close(right.id), .close(app.id), .close(app.id)])
        try bench.settle([])
        #expect(bench.engine.counters.portsInUse == 0)
        #expect(bench.engine.counters.legs == 0)
        #expect(throws: Never.self) { try UDPSocket(bound: try left.target) }
    }

    @Test("A leg for which no port is free fails, and its place is good for another") func exhaustion() throws {
        let bench = try RelayBench {
            $0.ports = 31_000...31_003
            $0.quarantine = .zero
        }
        let first = try bench.open(.rtp)
        _ = try bench.open(.rtp)
        let third = MediaLegID(number: 1000)
        bench.engine.perform([.open(third, .rtp)])
        #expect(bench.log.comes(.failed(third, .noPort)))
        bench.engine.perform([.close(third), .close(first.id)])
        #expect(try bench.open(.rtp).endpoint.addresses == first.endpoint.addresses)
    }

    @Test("A port that another process has is stepped over") func foreignPort() throws {
        let taken = try TestSocket(port: 31_101)
        let bench = try RelayBench { $0.ports = 31_100...31_103 }
        #expect(try bench.open(.rtp).endpoint.addresses.map(\.port) == [31_102])
        withExtendedLifetime(taken) {}
    }

    @Test("A start that can't bind says what it could not bind, and leaves nothing behind") func startFails() throws {
        let taken = try TestSocket()
        var configuration = RelayConfiguration(addresses: [MediaAddress(ipv4: 0x7F00_0001, port: 0)])
        configuration.webRTCPort = taken.address.port
        let engine = RelayEngine(configuration) { _ in }
        do throws(RelayError) {
            try engine.start()
            Issue.record("It started")
        } catch {
            #expect(error.code == .webRTCPort)
            #expect(error.address == taken.address)
            #expect(error.description.hasSuffix("127.0.0.1 port \(taken.address.port): Address already in use"))
        }
    }

    @Test("An address that is not this machine's, and a range without a pair, are faults") func badConfiguration() {
        var configuration = RelayConfiguration(addresses: [MediaAddress(ipv4: 0xC000_0201, port: 0)])
        configuration.webRTCPort = 0
        let foreign = configuration
        #expect { try RelayEngine(foreign) { _ in }.start() } throws: { ($0 as? RelayError)?.code == .address }
        configuration.addresses = [MediaAddress(ipv4: 0x7F00_0001, port: 0)]
        configuration.ports = 31_001...31_002
        let empty = configuration
        #expect { try RelayEngine(empty) { _ in }.start() } throws: { ($0 as? RelayError)?.code == .ports }
    }

    @Test("On all interfaces, an app's check to any address is answered from there, loopback told last")
    func allInterfaces() throws {
        let bench = try RelayBench { $0.addresses = [MediaAddress(ipv4: 0, port: 0)] }
        let app = try bench.app()
        #expect(app.endpoint.addresses.last?.host == "127.0.0.1")
        #expect(app.endpoint.addresses.allSatisfy { !$0.isUnspecified })
        let socket = try TestSocket("0.0.0.0")
        let ice = try #require(app.endpoint.ice)
        for address in app.endpoint.addresses {
            socket.send(BindingCheck(username: "\(ice.ufrag):x", password: ice.password).bytes, to: address)
            #expect(socket.receive(.stun)?.source == address)
        }
    }

    @Test("Stopping says goodbye to every peer, and orders afterwards are nothing") func stop() throws {
        let bench = try RelayBench()
        let app = try bench.connectedApp()
        bench.engine.stop()
        #expect(app.socket.receive(.dtls) != nil)
        #expect(bench.engine.counters.legs == 0)
        bench.engine.perform([.open(MediaLegID(number: 77), .rtp)])
        bench.engine.stop()
        #expect(bench.log.left == [])
        #expect { try bench.engine.start() } throws: { ($0 as? RelayError)?.code == .startedBefore }
    }

    @Test("Orders for a leg that is not open are nothing") func unknownLeg() throws {
        let bench = try RelayBench()
        let phone = try bench.phone()
        let unknown = MediaLegID(number: 999)
        try bench.settle([
            .update(unknown, phone.peer), .join(unknown, phone.id), .join(phone.id, phone.id), .restartICE(unknown),
            .restartICE(phone.id), .sendDigits(unknown, "1", duration: .zero), .close(unknown),
        ])
        #expect(bench.log.left == [])
    }

    @Test("A peer that ought to send and does not is told of, when it does again, and when it is gone")
    func silence() throws {
        let bench = try RelayBench {
            $0.silence = .milliseconds(200)
            $0.timeout = .milliseconds(600)
        }
        let phone = try bench.phone()
        #expect(bench.log.comes(.heard(phone.id, false)))
        try phone.speak(1)
        #expect(bench.log.comes(.heard(phone.id, true)))
        #expect(bench.log.comes(.lost(phone.id)))
    }

    @Test("A peer that was silent while it rang is given its time anew when it is joined") func silenceBeforeJoin()
        throws
    {
        let bench = try RelayBench {
            $0.silence = .milliseconds(100)
            $0.timeout = .milliseconds(200)
        }
        let (left, right) = (try bench.phone(), try bench.phone())
        #expect(bench.log.comes(.lost(left.id)))
        #expect(bench.log.comes(.heard(left.id, false)))
        bench.engine.perform([.join(left.id, right.id)])
        #expect(bench.log.comes(.heard(left.id, false)))
        #expect(bench.log.comes(.lost(left.id)))
    }

    @Test("A flood at one port holds up neither orders nor the call beside it") func flood() throws {
        let bench = try RelayBench()
        let (left, right, victim) = (try bench.phone(), try bench.phone(), try bench.phone())
        try bench.settle([.join(left.id, right.id)])
        let stranger = try TestSocket("127.0.0.2")
        try victim.speak(1)
        for round in UInt16(1)...100 {
            for _ in 0..<50 { try victim.speak(round, ssrc: 0xBAD, from: stranger) }
            try left.speak(round)
            #expect(try #require(right.socket.receive(.rtp)).bytes.last == UInt8(round))
        }
        try bench.settle([.close(victim.id)])
    }
}
