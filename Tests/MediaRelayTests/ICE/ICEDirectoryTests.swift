import MediaCore
import MediaRelay
import SIPCore
import Testing

@Suite("The directory of a shared port") struct ICEDirectoryTests {
    private static func legNamed(by bytes: [UInt8], in directory: borrowing ICEDirectory<Int>) throws -> Int? {
        let message = try STUNMessage(bytes.span)
        return directory.leg(for: message, in: bytes.span)
    }

    @Test("Checks find their leg by our user name fragment, everything else by a proved source") func lookUp() throws {
        var directory = ICEDirectory<Int>()
        let registered = (directory.register(.server, for: 1), directory.register(.server2, for: 2))
        #expect(registered.0 && registered.1)
        #expect(try Self.legNamed(by: BindingCheck().bytes, in: directory) == 1)
        #expect(try Self.legNamed(by: BindingCheck(username: "serverBB:x").bytes, in: directory) == 2)
        #expect(try Self.legNamed(by: BindingCheck(username: "serverCC:x").bytes, in: directory) == nil)
        #expect(try Self.legNamed(by: BindingCheck(username: nil).bytes, in: directory) == nil)
        let before = directory.leg(at: .wifi)
        let previous = directory.apply(.init(answers: true, binds: .wifi), of: 1)
        let after = (directory.leg(at: .wifi), directory.leg(at: MediaAddress.wifi.with(port: 1)))
        #expect(before == nil && previous == nil && after.0 == 1 && after.1 == nil)
    }

    @Test("A user name fragment that is taken is refused") func takenUfrag() throws {
        var directory = ICEDirectory<Int>()
        let results = (directory.register(.server, for: 1), directory.register(.server, for: 2))
        #expect(results.0 && !results.1)
        #expect(try Self.legNamed(by: BindingCheck().bytes, in: directory) == 1)
    }

    @Test("An address that another leg proves is that leg's, and comes back with the next proof") func takeOver() throws
    {
        var directory = ICEDirectory<Int>()
        _ = directory.register(.server, for: 1)
        _ = directory.register(.server2, for: 2)
        var first = ICELiteAgent(ours: .server)
        var second = ICELiteAgent(ours: .server2)
        directory.apply(try deliver(BindingCheck(usesCandidate: true).bytes, to: &first).action, of: 1)

        // Without the right password nothing moves.
        let forged = BindingCheck(username: "serverBB:peer2", usesCandidate: true).bytes
        let refused = directory.apply(try deliver(forged, to: &second).action, of: 2)
        let kept = directory.leg(at: .wifi)
        #expect(refused == nil && kept == 1)

        let proved = BindingCheck(username: "serverBB:peer2", password: ICECredentials.server2.password).bytes
        let taken = directory.apply(
            try deliver(proved, to: &second, password: ICECredentials.server2.password).action,
            of: 2
        )
        let owner = directory.leg(at: .wifi)
        #expect(taken == 1 && owner == 2)

        let returned = directory.apply(try deliver(BindingCheck().bytes, to: &first).action, of: 1)
        let ownerAgain = directory.leg(at: .wifi)
        #expect(returned == 2 && ownerAgain == 1)
    }

    @Test("A leg that has lost an address does not take it from its new owner by leaving") func closeAfterTakeOver() {
        var directory = ICEDirectory<Int>()
        _ = directory.register(.server, for: 1)
        _ = directory.register(.server2, for: 2)
        directory.apply(.init(binds: .wifi), of: 1)
        directory.apply(.init(binds: .wifi), of: 2)
        directory.apply(.init(unbinds: .wifi), of: 1)
        directory.apply(.init(retires: ICEUfragKey(ours: .server2)), of: 1)
        directory.close(1)
        let (owner, count, addresses) = (directory.leg(at: .wifi), directory.count, directory.addressCount)
        #expect(owner == 2 && count == 1 && addresses == 1)
    }

    @Test("A restart adds credentials, its end takes the old ones away") func restart() throws {
        var directory = ICEDirectory<Int>()
        _ = directory.register(.server, for: 1)
        _ = directory.register(.server2, for: 1)
        let new = BindingCheck(username: "serverBB:x").bytes
        #expect(try Self.legNamed(by: BindingCheck().bytes, in: directory) == 1)
        #expect(try Self.legNamed(by: new, in: directory) == 1)
        directory.apply(.init(binds: .mobile, retires: ICEUfragKey(ours: .server), selects: .mobile), of: 1)
        #expect(try Self.legNamed(by: BindingCheck().bytes, in: directory) == nil)
        #expect(try Self.legNamed(by: new, in: directory) == 1)
    }

    @Test("A dead user name fragment is free for another leg, and is not taken along by its first one") func reuse()
        throws
    {
        var directory = ICEDirectory<Int>()
        _ = directory.register(.server, for: 1)
        directory.apply(.init(retires: ICEUfragKey(ours: .server)), of: 1)
        let isRegistered = directory.register(.server, for: 2)
        #expect(isRegistered)
        directory.close(1)
        #expect(try Self.legNamed(by: BindingCheck().bytes, in: directory) == 2)
    }

    @Test("Nothing is left of a leg that was closed, and nothing comes back") func close() throws {
        var directory = ICEDirectory<Int>()
        _ = directory.register(.server, for: 1)
        _ = directory.register(.server2, for: 1)
        directory.apply(.init(binds: .wifi), of: 1)
        directory.apply(.init(binds: .mobile), of: 1)
        directory.close(1)
        directory.close(1)
        directory.apply(.init(binds: .wifi), of: 1)
        let (count, addresses) = (directory.count, directory.addressCount)
        #expect(count == 0 && addresses == 0)
        #expect(try Self.legNamed(by: BindingCheck().bytes, in: directory) == nil)
        let isRegistered = directory.register(.server, for: 2)
        #expect(isRegistered)
    }
}
