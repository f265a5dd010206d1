import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("ICE under fire") struct ICEFuzzTests {
    /// SplitMix64: the same packets in every run.
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var value = self.state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    private static let seeds: [[UInt8]] = [
        STUNMessageTests.request, STUNMessageTests.ipv4Response, STUNMessageTests.ipv6Response,
        BindingCheck(usesCandidate: true).bytes, BindingCheck(isControlled: true).bytes,
        BindingCheck(extra: [(type: 0x0033, value: [1]), (type: 0x0009, value: [0, 0, 4, 1])]).bytes,
        BindingCheck(username: nil).bytes, BindingCheck(password: nil, hasFingerprint: false).bytes,
    ]

    private static func mutated(by random: inout Random) -> [UInt8] {
        var bytes = Self.seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard !bytes.isEmpty else { return bytes }
            let index = bytes.indices.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[index] = [0, 1, 4, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
            case 2: bytes.removeSubrange(index...)
            case 3: bytes.insert(contentsOf: bytes[..<index], at: index)
            case 4: bytes.removeSubrange(index..<min(index + 4, bytes.count))
            default: bytes += (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
        }
        // Half of them with a length and a fingerprint that are right again, so that they get past the first guards.
        if bytes.count >= 20, bytes.count <= 3_000, Bool.random(using: &random) {
            bytes.removeLast(bytes.count % 4)
            if Bool.random(using: &random) {
                BindingCheck.append(0x8028, [0, 0, 0, 0], to: &bytes)
                bytes.removeLast(8)
                BindingCheck.setLength(bytes.count - 20 + 8, in: &bytes)
                let value = BindingCheck.crc32(bytes) ^ 0x5354_554E
                BindingCheck.append(
                    0x8028,
                    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) },
                    to: &bytes
                )
            } else {
                BindingCheck.setLength(bytes.count - 20, in: &bytes)
            }
        }
        return bytes
    }

    @Test("Mutated packets trap nothing, and bind nothing without the password")
    func mutatedPackets() {
        var random = Random(state: FuzzPlan.seed(0x5EED))
        var agent = ICELiteAgent(ours: .server, peer: .peer)
        _ = agent.restart(ours: .server2)
        var directory = ICEDirectory<Int>()
        _ = directory.register(.server, for: 1)
        _ = directory.register(.server2, for: 1)
        var answer: [UInt8] = []
        var (read, found, refused, proved, faults) = (0, 0, 0, 0, 0)
        for step in 0..<FuzzPlan.packets {
            let bytes = Self.mutated(by: &random)
            _ = DatagramKind(bytes.span)
            guard let message = try? STUNMessage(bytes.span) else { continue }
            read += 1
            let source = MediaAddress(ipv4: UInt32(step), port: UInt16(truncatingIfNeeded: step | 1))
            guard directory.leg(for: message, in: bytes.span) == 1 else { continue }
            found += 1
            let action = agent.received(
                message,
                in: bytes.span,
                from: source,
                now: .second(UInt64(step)),
                answer: &answer
            )
            directory.apply(action, of: 1)
            _ = agent.timeoutReached(now: .second(UInt64(step)))
            if action.answers, (try? STUNMessage(answer.span)) == nil || answer.count > STUNWriter.maximumLength {
                faults += 1
            }
            if action.binds != nil {
                // Only what is untouched up to MESSAGE-INTEGRITY is proved: the seeds themselves, changed behind it.
                proved += 1
                let isIntact = message.isIntact(in: bytes.span, password: Array(ICECredentials.server.password.utf8))
                if !isIntact { faults += 1 }
            } else if action.answers {
                refused += 1
            }
        }
        #expect(faults == 0)
        // The fuzz reaches every depth; else it tests nothing.
        #expect(read > 1_000 && found > 500 && refused > 200 && proved > 10)
        let addresses = directory.addressCount
        #expect(addresses <= ICELiteAgent.maximumRemotes)
    }
}
