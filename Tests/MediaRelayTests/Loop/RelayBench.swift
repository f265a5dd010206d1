import MediaCore
import MediaRelay
import SIPCore
import Testing

/// An engine on loopback, and what it tells.
final class RelayBench {
    let engine: RelayEngine
    let log: EventLog
    private var lastLeg: UInt64 = 0

    init(_ configure: (inout RelayConfiguration) -> Void = { _ in }) throws {
        let log = try EventLog()
        var configuration = RelayConfiguration(addresses: [MediaAddress(ipv4: 0x7F00_0001, port: 0)])
        configuration.webRTCPort = 0
        configure(&configuration)
        self.log = log
        self.engine = RelayEngine(configuration) { log.add($0) }
        try self.engine.start()
    }

    deinit {
        self.engine.stop()
    }

    func open(_ kind: MediaLegKind) throws -> (id: MediaLegID, endpoint: MediaEndpoint) {
        self.lastLeg += 1
        let id = MediaLegID(number: self.lastLeg)
        self.engine.perform([.open(id, kind)])
        return (id, try self.opened(id))
    }

    /// The endpoint that is told of next.
    func opened(_ id: MediaLegID) throws -> MediaEndpoint {
        let event = self.log.next {
            if case .opened(id, _) = $0 { true } else { false }
        }
        guard case .opened(_, let endpoint) = try #require(event) else { throw Unexpected() }
        return endpoint
    }

    /// A phone's leg that is described, and the phone's socket.
    func phone(
        _ formats: [AudioFormat] = [AudioFormat(.pcmu, sends: 0, receives: 0)],
        digits: [DigitFormat] = [],
        change: (inout MediaPeer) -> Void = { _ in }
    ) throws -> TestPhone {
        let (id, endpoint) = try self.open(.rtp)
        let phone = try TestPhone(id: id, endpoint: endpoint, formats: formats, digits: digits)
        change(&phone.peer)
        self.engine.perform([.update(id, phone.peer)])
        #expect(self.log.comes(.connected(id)))
        return phone
    }

    /// Carries out orders, and returns when they are done and all that came to sockets before is dealt with.
    func settle(_ orders: [MediaOrder]) throws {
        // In its first turn, the loop may carry out orders without having looked at its sockets anew.
        for orders in [orders, []] {
            self.lastLeg += 1
            let probe = MediaLegID(number: self.lastLeg)
            self.engine.perform(orders + [.open(probe, .webRTC), .close(probe)])
            _ = try self.opened(probe)
        }
    }
}

struct Unexpected: Error {}
