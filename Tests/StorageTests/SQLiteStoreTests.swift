import CallCore
import CallRuntime
import ClientProtocol
import Foundation
import GRDB
import SIPCore
import Storage
import Synchronization
import Testing

@Suite("The SQLite store")
final class SQLiteStoreTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).sqlite").path

    deinit {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: self.path + suffix) }
    }

    private func store(unixTimeAtOrigin: UInt64 = 1_700_000_000) throws -> SQLiteStore {
        try SQLiteStore(path: self.path, unixTimeAtOrigin: unixTimeAtOrigin)
    }

    /// Runs SQL on the file, as another program may.
    private func execute(_ sql: String) throws {
        try DatabaseQueue(path: self.path).write { try $0.execute(sql: sql) }
    }

    private static func binding(_ host: String, expiresAt seconds: UInt64 = 3_600) -> Binding {
        Binding(
            contact: NameAddress(
                displayName: "Zoë \"the desk\" \\ ☎︎",
                uri: SIPURI(user: "1001", host: host, port: 5062),
                parameters: SIPParameters([.init("q", "0.5"), .init("+sip.instance", "\"<urn:uuid:1>\"")])
            ),
            q: 500,
            expiresAt: Instant(nanoseconds: 0) + .seconds(seconds),
            callID: "'; DROP TABLE binding; --",
            cSeq: .max,
            path: [
                NameAddress(uri: SIPURI(host: "p2.example", parameters: .init([.init("lr")]))),
                NameAddress(uri: SIPURI(host: "p1.example", parameters: .init([.init("lr"), .init("ob")]))),
            ],
            outbound: .init(instance: "\"<urn:uuid:1>\"", registration: 7),
            flow: SIPFlow(transport: .udp, remote: SIPAddress(host: "2001:db8::1", port: 65_535), listener: 3),
            followsFlow: true,
            product: "Phone/1.0"
        )
    }

    @Test("A restart keeps every part of a binding")
    func restart() async throws {
        let changes = [
            BindingChange(phone: "1001", bindings: [Self.binding("a"), Self.binding("b")]),
            BindingChange(phone: "1002", bindings: [Self.binding("c")]),
        ]
        let first = try self.store()
        first.save(changes)
        await first.flush()
        #expect(try await self.store().bindings() == changes)
    }

    @Test("A binding without flow, path and instance comes back as it was")
    func bare() async throws {
        var binding = Binding(
            contact: NameAddress(uri: SIPURI(host: "a")),
            expiresAt: Instant(nanoseconds: 9_000_000),
            callID: "",
            cSeq: 0
        )
        let store = try self.store()
        store.save([BindingChange(phone: "1001", bindings: [binding])])
        await store.flush()
        #expect(try await store.bindings() == [BindingChange(phone: "1001", bindings: [binding])])
        binding.flow = SIPFlow(
            transport: .tcp,
            remote: SIPAddress(host: "192.0.2.1", port: 1),
            listener: 1,
            connection: 9
        )
        store.save([BindingChange(phone: "1001", bindings: [binding])])
        await store.flush()
        // The connection is gone by the time that this is read.
        binding.flow?.connection = 0
        #expect(try await store.bindings() == [BindingChange(phone: "1001", bindings: [binding])])
    }

    @Test("Times are kept as Unix time: the clock of the next process begins elsewhere")
    func anotherClock() async throws {
        let first = try self.store(unixTimeAtOrigin: 1_700_000_000)
        let binding = Self.binding("a", expiresAt: 5_000)
        let old = Self.binding("old", expiresAt: 10)
        first.save([BindingChange(phone: "1001", bindings: [binding, old])])
        await first.flush()
        let next = try self.store(unixTimeAtOrigin: 1_700_004_000)
        let kept = try await next.bindings()
        #expect(kept.flatMap(\.bindings).map(\.expiresAt) == [Instant(nanoseconds: 0) + .seconds(1_000)])
    }

    @Test("Of one phone the last change counts, however fast they come; one without bindings leaves nothing")
    func coalescing() async throws {
        let store = try self.store()
        for index in 0..<500 {
            store.save([BindingChange(phone: "1001", bindings: [Self.binding("host\(index)")])])
            store.save([BindingChange(phone: "\(index)", bindings: [Self.binding("x")])])
            if index != 7 { store.save([BindingChange(phone: "\(index)", bindings: [])]) }
        }
        await store.flush()
        let kept = try await store.bindings()
        #expect(kept.map(\.phone) == ["1001", "7"])
        #expect(kept.first?.bindings == [Self.binding("host499")])
    }

    @Test("What can't be written is told, and is written with what comes next")
    func unwritable() async throws {
        let faults = Mutex<[StorageError.Code]>([])
        let store = try SQLiteStore(path: self.path, unixTimeAtOrigin: 0) { error in
            faults.withLock { $0.append(error.code) }
        }
        try self.execute("CREATE TRIGGER full BEFORE INSERT ON binding BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        store.save([BindingChange(phone: "1001", bindings: [Self.binding("a")])])
        await store.flush()
        try self.execute("DROP TRIGGER full")
        #expect(faults.withLock { $0 } == [.unusable])
        store.save([BindingChange(phone: "1002", bindings: [Self.binding("b")])])
        await store.flush()
        #expect(try await store.bindings().map(\.phone) == ["1001", "1002"])
    }

    @Test(
        "A row that is spoilt costs that binding alone",
        arguments: [
            "contact = 'nonsense'", "q = 70000", "c_seq = -1", "path = '<'", "expires_at = -5",
            "expires_at = 9223372036854775807",
        ]
    )
    func spoilt(change: String) async throws {
        let store = try self.store()
        let bindings = [Self.binding("a"), Self.binding("b")]
        store.save([BindingChange(phone: "1001", bindings: bindings)])
        await store.flush()
        try self.execute("UPDATE binding SET \(change) WHERE position = 0")
        #expect(try await store.bindings().flatMap(\.bindings) == [Self.binding("b")])
    }

    @Test("A file that is none of ours, and a folder that is not there, are refused with the path")
    func unusable() throws {
        try Data("no database at all, but long enough to be read as one".utf8).write(to: URL(filePath: self.path))
        let error = #expect(throws: StorageError.self) { try self.store() }
        #expect(error?.code == .unusable)
        #expect(error?.description.contains(self.path) == true)
        #expect(throws: StorageError.self) { try SQLiteStore(path: "/nowhere/at/all.sqlite", unixTimeAtOrigin: 0) }
    }

    @Test("Phones keep their secrets for the realm in which they are good")
    func phones() async throws {
        let store = try self.store()
        let phone = PhoneAccount(
            name: "1001",
            displayName: "Desk",
            secrets: DigestSecrets(DigestCredentials(username: "1001", password: "x"), realm: "here")
        )
        let bare = PhoneAccount(name: "1000", secrets: DigestSecrets(md5: nil, sha256: nil))
        try await store.add(bare, realm: "here")
        try await store.add(bare, realm: "there")
        try await store.add(PhoneAccount(name: "1001", secrets: bare.secrets), realm: "here")
        try await store.add(phone, realm: "here")
        #expect(try await store.phones(realm: "here") == [bare, phone])
        #expect(try await self.store().phones(realm: "there") == [bare])
        #expect(try await store.removePhone("1000"))
        #expect(try await !store.removePhone("1000"))
        #expect(try await store.phones(realm: "there") == [])
    }

    @Test("Users come back with their names in order; a name belongs to one user")
    func users() async throws {
        let store = try self.store()
        let alice = Directory.User(
            id: .number("42"),
            username: "alice",
            aliases: ["b", "a"],
            phones: ["1002", "1001"]
        )
        let bob = Directory.User(id: .string("bob"))
        try await store.add(alice)
        try await store.add(bob)
        #expect(try await self.store().users() == [alice, bob])
        let thief = Directory.User(id: .string("bob"), aliases: ["x", "a"])
        let error = await #expect(throws: StorageError.self) { try await store.add(thief) }
        #expect(error?.code == .taken)
        #expect(try await store.users() == [alice, bob])
        let changed = Directory.User(id: .number("42"), aliases: ["a"])
        try await store.add(changed)
        #expect(try await store.users() == [changed, bob])
        #expect(try await store.removeUser(id: "42"))
        #expect(try await !store.removeUser(id: "42"))
        try await store.add(thief)
        #expect(try await store.users() == [thief])
    }

    @Test("In memory it keeps all that for its own life")
    func memory() async throws {
        let stores: [any BindingStore & DirectoryStore] = [
            MemoryStore(), try SQLiteStore(path: ":memory:", unixTimeAtOrigin: 0),
        ]
        for store in stores {
            let change = BindingChange(phone: "1001", bindings: [Self.binding("a")])
            store.save([change])
            await store.flush()
            #expect(try await store.bindings() == [change])
            store.save([BindingChange(phone: "1001", bindings: [])])
            await store.flush()
            #expect(try await store.bindings() == [])
            let phone = PhoneAccount(name: "1001", secrets: DigestSecrets(md5: "a", sha256: "b"))
            try await store.add(phone, realm: "r")
            #expect(try await store.phones(realm: "r") == [phone])
            #expect(try await store.removePhone("1001"))
            try await store.add(Directory.User(id: .number("1")))
            #expect(try await store.users().map(\.id) == [.number("1")])
            #expect(try await store.removeUser(id: "1"))
        }
    }
}
