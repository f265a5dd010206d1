import SIPCore
import Testing

@Suite("Servers that are asked whether they are alive")
struct ProbeTests {
    private let rig = AgentRig()

    private func probe(_ target: SIPTarget = AgentRig.peerUDP) {
        let order = ProbeOrder(
            uri: SIPURI(host: target.host),
            target: target,
            from: NameAddress(uri: SIPURI(host: "192.0.2.1")),
            tryTimeout: .seconds(3)
        )
        _ = self.rig.run { $0.probe(order, now: $1) }
    }

    @Test(
        "Any answer but 408 and 503 is one of the living, and nothing is left of the probe",
        arguments: [200, 404, 501]
    )
    func alive(_ status: UInt16) throws {
        self.probe()
        let request = try self.rig.request(.options)
        #expect(request.uri == SIPURI(host: "192.0.2.2"))
        self.rig.reply(100, to: request)
        #expect(self.rig.probed == [])
        self.rig.reply(status, to: request)
        #expect(self.rig.probed == [true])
        #expect(self.rig.agent.isIdle)
        self.rig.reply(status, to: request)
        #expect(self.rig.probed == [true])
    }

    @Test("Silence, 503 and what can't be sent are death", arguments: [408, 503, 0, 1])
    func dead(_ status: UInt16) throws {
        self.probe()
        let request = try self.rig.request(.options)
        switch status {
        case 0: self.rig.advance(.seconds(3))
        case 1:
            let branch = try #require(request.headers.via.first?.branch)
            self.rig.receive(.failed(ClientTransactionKey(branch: branch, method: .options), .refused))
        default: self.rig.reply(status, to: request)
        }
        #expect(self.rig.probed == [false])
        #expect(self.rig.agent.isIdle)
    }

    @Test("Of a name each address is asked until one answers") func named() throws {
        let name = SIPTarget(transport: .udp, host: "pbx.example", port: 5060, search: .transport)
        let targets = (1...2).map { SIPTarget(transport: .udp, host: "192.0.2.1\($0)", port: 5060) }
        self.probe(name)
        #expect(self.rig.questions.map(\.target) == [name])
        try self.rig.locate(targets[0], targets[1])
        self.rig.advance(.seconds(3))
        #expect(self.rig.sent.last?.destination == .target(targets[1], preferring: nil))
        self.rig.reply(200, to: try self.rig.request(.options))
        #expect(self.rig.probed == [true])
        self.rig.clear()
        self.probe(name)
        try self.rig.locate()
        #expect(self.rig.probed == [false])
        #expect(self.rig.agent.isIdle)
    }
}
