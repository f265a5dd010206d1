import MediaCore
import MediaRelay
import Testing

@Suite("Reading STUN") struct STUNMessageTests {
    /// RFC 5769 §2.1, padded with spaces.
    static let request: [UInt8] = [
        0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xA4, 0x42, 0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87,
        0xDF, 0xAE,
        0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4E, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6C, 0x69, 0x65,
        0x6E, 0x74,
        0x00, 0x24, 0x00, 0x04, 0x6E, 0x00, 0x01, 0xFF, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2F, 0xF9, 0xB1, 0x51, 0x26,
        0x3B, 0x36,
        0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6A, 0x3A, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20,
        0x00, 0x08, 0x00, 0x14, 0x9A, 0xEA, 0xA7, 0x0C, 0xBF, 0xD8, 0xCB, 0x56, 0x78, 0x1E, 0xF2, 0xB5, 0xB2, 0xD3,
        0xF2, 0x49,
        0xC1, 0xB5, 0x71, 0xA2, 0x80, 0x28, 0x00, 0x04, 0xE5, 0x7A, 0x3B, 0xCF,
    ]
    /// RFC 5769 §2.2.
    static let ipv4Response: [UInt8] = [
        0x01, 0x01, 0x00, 0x3C, 0x21, 0x12, 0xA4, 0x42, 0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87,
        0xDF, 0xAE,
        0x80, 0x22, 0x00, 0x0B, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6F, 0x72, 0x20,
        0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43,
        0x00, 0x08, 0x00, 0x14, 0x2B, 0x91, 0xF5, 0x99, 0xFD, 0x9E, 0x90, 0xC3, 0x8C, 0x74, 0x89, 0xF9, 0x2A, 0xF9,
        0xBA, 0x53,
        0xF0, 0x6B, 0xE7, 0xD7, 0x80, 0x28, 0x00, 0x04, 0xC0, 0x7D, 0x4C, 0x96,
    ]
    /// RFC 5769 §2.3.
    static let ipv6Response: [UInt8] = [
        0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xA4, 0x42, 0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87,
        0xDF, 0xAE,
        0x80, 0x22, 0x00, 0x0B, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6F, 0x72, 0x20,
        0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xA1, 0x47, 0x01, 0x13, 0xA9, 0xFA, 0xA5, 0xD3, 0xF1, 0x79, 0xBC, 0x25,
        0xF4, 0xB5,
        0xBE, 0xD2, 0xB9, 0xD9,
        0x00, 0x08, 0x00, 0x14, 0xA3, 0x82, 0x95, 0x4E, 0x4B, 0xE6, 0x7B, 0xF1, 0x17, 0x84, 0xC9, 0x7C, 0x82, 0x92,
        0xC2, 0x75,
        0xBF, 0xE3, 0xED, 0x41, 0x80, 0x28, 0x00, 0x04, 0xC8, 0xFB, 0x0B, 0x4C,
    ]
    static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
    static let transactionID = STUNTransactionID(high: 0xB7E7_A701_BC34_D686, low: 0xFA87_DFAE)

    @Test("The sample request of RFC 5769 is read whole") func sampleRequest() throws {
        let bytes = Self.request
        let message = try STUNMessage(bytes.span)
        #expect(message.kind == .request)
        #expect(message.method == STUNMessage.binding)
        #expect(message.transactionID == Self.transactionID)
        #expect(message.priority == 0x6E00_01FF)
        #expect(message.role == .controlled)
        #expect(message.hasIntegrity && message.hasFingerprint && !message.usesCandidate)
        #expect(message.unknownAttributes.isEmpty)
        let isIntact = message.isIntact(in: bytes.span, password: Self.password)
        let isIntactByOther = message.isIntact(in: bytes.span, password: Array("VOkJxbRl1RmTxUk/WvJxBT".utf8))
        #expect(isIntact && !isIntactByOther)
        // "evtj" has four characters, ours have eight.
        let ufrag = message.receiverUfrag(in: bytes.span)
        #expect(ufrag == nil)
    }

    @Test("The sample responses of RFC 5769 are read whole") func sampleResponses() throws {
        let samples = [
            (Self.ipv4Response, MediaAddress("192.0.2.1", port: 32_853)),
            (Self.ipv6Response, MediaAddress("2001:db8:1234:5678:11:2233:4455:6677", port: 32_853)),
        ]
        for (bytes, address) in samples {
            let message = try STUNMessage(bytes.span)
            #expect(message.kind == .success)
            #expect(message.mappedAddress == address && address != nil)
            #expect(message.transactionID == Self.transactionID)
            let isIntact = message.isIntact(in: bytes.span, password: Self.password)
            #expect(isIntact && message.hasFingerprint)
        }
    }

    @Test("Our success responses carry what those of RFC 5769 do, less SOFTWARE") func writtenSamples() throws {
        for sample in [Self.ipv4Response, Self.ipv6Response] {
            let address = try #require(try STUNMessage(sample.span).mappedAddress)
            var answer: [UInt8] = [1, 2, 3]
            let isWritten = STUNWriter.writeSuccess(
                to: Self.transactionID,
                mappedAddress: address,
                password: Self.password,
                into: &answer
            )
            #expect(isWritten)
            let value = sample[36..<(sample.count - 32)]
            #expect(Array(answer[20..<(20 + value.count)]) == Array(value))
            #expect(answer.count == sample.count - 16)
            let message = try STUNMessage(answer.span)
            let isIntact = message.isIntact(in: answer.span, password: Self.password)
            #expect(isIntact && message.hasFingerprint && message.mappedAddress == address)
        }
    }

    @Test("A changed bit anywhere ends in an error or in a broken integrity") func changedBits() {
        for bit in 0..<(Self.request.count * 8) {
            var bytes = Self.request
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let message = try? STUNMessage(bytes.span) else { continue }
            let isIntact = message.isIntact(in: bytes.span, password: Self.password)
            // FINGERPRINT's own type is comprehension-optional: changed, it is another attribute behind the integrity.
            let isInFingerprintType = 100..<102 ~= bit / 8
            #expect(isInFingerprintType ? isIntact && !message.hasFingerprint : !isIntact, "bit \(bit)")
        }
    }

    @Test("Each malformed datagram has its error", arguments: MalformedSTUN.all)
    func malformed(_ sample: MalformedSTUN) {
        #expect(throws: sample.error) { try STUNMessage(sample.bytes.span) }
    }

    @Test("Class and method are told apart by their interleaved bits") func types() throws {
        let expected: [(UInt16, STUNMessage.Kind, UInt16)] = [
            (0x0001, .request, 1), (0x0011, .indication, 1), (0x0101, .success, 1), (0x0111, .failure, 1),
            (0x0003, .request, 3), (0x3EEF, .request, 0xFFF), (0x3FFF, .failure, 0xFFF), (0x0020, .request, 0x010),
            (0x0200, .request, 0x080),
        ]
        for (type, kind, method) in expected {
            let bytes = BindingCheck(type: type).bytes
            let message = try STUNMessage(bytes.span)
            #expect(message.kind == kind && message.method == method, "type \(type)")
        }
    }

    @Test("Of two attributes of a kind the first counts, and none counts behind MESSAGE-INTEGRITY") func precedence()
        throws
    {
        let twice = BindingCheck(
            extra: [(type: 0x0024, value: [0, 0, 0, 7]), (type: 0x0006, value: Array("otherAAA:x".utf8))],
            trailing: [(type: 0x0025, value: []), (type: 0x7777, value: [1]), (type: 0x0024, value: [])]
        ).bytes
        let message = try STUNMessage(twice.span)
        let ufrag = message.receiverUfrag(in: twice.span)
        let isIntact = message.isIntact(in: twice.span, password: Array(ICECredentials.server.password.utf8))
        #expect(message.priority == 7)
        #expect(!message.usesCandidate && message.unknownAttributes.isEmpty && isIntact && message.hasFingerprint)
        #expect(ufrag == ICEUfragKey(ours: .server))
    }

    @Test("Unknown attributes are told of where they must be understood, once, and eight at most") func unknown() throws
    {
        let types: [UInt16] = [0x8022, 0x0033, 0x0033, 0x7FFF, 0xC057, 0x001C]
        let few = BindingCheck(extra: types.map { (type: $0, value: [1, 2]) }).bytes
        #expect(try STUNMessage(few.span).unknownAttributes == [0x0033, 0x7FFF, 0x001C])
        let many = BindingCheck(extra: (0x0100..<0x0120).map { (type: $0, value: []) }).bytes
        #expect(try STUNMessage(many.span).unknownAttributes == Array(0x0100..<0x0108))
    }

    @Test("USERNAME is ours, a colon and theirs") func usernames() throws {
        let expected: [(String?, Bool, Bool)] = [
            ("serverAA:peer", true, true), ("serverAA:peerX", true, false), ("serverAA:pee", true, false),
            ("serverAA:Peer", true, false), ("serverAA:", true, false), ("serverAA", false, false),
            ("serverA:peer", false, false), ("serverAAA:peer", false, false), ("", false, false), (nil, false, false),
        ]
        for (username, isOurs, isTheirs) in expected {
            let bytes = BindingCheck(username: username).bytes
            let message = try STUNMessage(bytes.span)
            let ufrag = message.receiverUfrag(in: bytes.span)
            let isSender = message.isSender(Array("peer".utf8), in: bytes.span)
            #expect((ufrag == ICEUfragKey(ours: .server)) == isOurs, "\(username ?? "none")")
            #expect((isOurs && isSender) == isTheirs, "\(username ?? "none")")
        }
    }

    @Test("Error responses are what RFC 8489 lays down, to the byte") func failures() throws {
        let id = STUNTransactionID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C)
        var answer: [UInt8] = []
        let isWritten = STUNWriter.writeFailure(
            .unknownAttribute,
            to: id,
            unknownAttributes: [0x0033, 0x7FFF, 0x001C],
            password: nil,
            into: &answer
        )
        #expect(isWritten)
        var expected: [UInt8] = [0x01, 0x11, 0, 0, 0x21, 0x12, 0xA4, 0x42] + BindingCheck.transactionID
        BindingCheck.append(0x0009, [0, 0, 4, 20] + Array("Unknown Attribute".utf8), to: &expected)
        BindingCheck.append(0x000A, [0x00, 0x33, 0x7F, 0xFF, 0x00, 0x1C], to: &expected)
        BindingCheck.setLength(expected.count - 20, in: &expected)
        BindingCheck.appendFingerprint(to: &expected)
        #expect(answer == expected)

        let lists = [UInt16(8), 20].map { count in
            var output: [UInt8] = []
            let isWritten = STUNWriter.writeFailure(
                .unknownAttribute,
                to: id,
                unknownAttributes: Array(1...count),
                password: nil,
                into: &output
            )
            return isWritten ? output : []
        }
        #expect(lists[0] == lists[1] && !lists[0].isEmpty)

        for failure in [STUNFailure.badRequest, .unauthenticated, .unknownAttribute, .roleConflict] {
            for password in [nil, Self.password] {
                let capacity = answer.capacity
                let isWritten = STUNWriter.writeFailure(
                    failure,
                    to: id,
                    unknownAttributes: failure == .unknownAttribute ? Array(1...20) : [],
                    password: password,
                    into: &answer
                )
                let message = try STUNMessage(answer.span)
                let isIntact = message.isIntact(in: answer.span, password: Self.password)
                #expect(isWritten && message.errorCode == failure.rawValue && isIntact == (password != nil))
                #expect(answer.count <= STUNWriter.maximumLength && answer.capacity >= capacity)
            }
        }
    }
}
