internal import CallRuntime
internal import GRDB
package import SIPCore

extension SQLiteStore: BindingStore {
    package func bindings() async throws -> [BindingChange] {
        do {
            return try await self.database.read { database in
                let rows = try Row.fetchAll(database, sql: "SELECT * FROM binding ORDER BY phone, position")
                var changes: [BindingChange] = []
                for row in rows {
                    // A row that another version has spoilt costs one binding; its phone registers again.
                    guard let binding = self.binding(row) else { continue }
                    let phone: String = row["phone"]
                    if let last = changes.indices.last, changes[last].phone == phone {
                        changes[last].bindings.append(binding)
                    } else {
                        changes.append(BindingChange(phone: phone, bindings: [binding]))
                    }
                }
                return changes
            }
        } catch {
            throw StorageError(.unusable, "registrations can't be read: \(error)")
        }
    }

    func write(_ change: BindingChange, to database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM binding WHERE phone = ?").execute(arguments: [change.phone])
        let insertion = try database.cachedStatement(
            sql: """
                INSERT INTO binding (phone, position, contact, q, expires_at, call_id, c_seq, path, instance,
                    registration, transport, host, port, listener, follows_flow, product)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        for (position, binding) in change.bindings.enumerated() {
            let values: [(any DatabaseValueConvertible)?] = [
                change.phone, position, binding.contact.text, Int64(binding.q), self.unixTime(binding.expiresAt),
                binding.callID, Int64(binding.cSeq), binding.path.map(\.text).joined(separator: ", "),
                binding.outbound?.instance, binding.outbound.map { Int64($0.registration) },
                binding.flow?.transport.viaName, binding.flow?.remote.host,
                binding.flow.map { Int64($0.remote.port) }, binding.flow.map { Int64($0.listener) },
                binding.followsFlow, binding.product,
            ]
            try insertion.execute(arguments: StatementArguments(values))
        }
    }

    private func binding(_ row: Row) -> Binding? {
        let pathText: String = row["path"]
        guard let contact = NameAddress(row["contact"] as String), let expiresAt = self.instant(row["expires_at"]),
            let q = UInt16(exactly: row["q"] as Int64), let cSeq = UInt32(exactly: row["c_seq"] as Int64),
            let path = pathText.isEmpty ? [] : NameAddress.list(pathText)
        else { return nil }
        var outbound: Binding.Outbound?
        if let instance = row["instance"] as String?,
            let registration = (row["registration"] as Int64?).flatMap({ UInt32(exactly: $0) })
        {
            outbound = Binding.Outbound(instance: instance, registration: registration)
        }
        return Binding(
            contact: contact,
            q: q,
            expiresAt: expiresAt,
            callID: row["call_id"],
            cSeq: cSeq,
            path: path,
            outbound: outbound,
            flow: Self.flow(row),
            followsFlow: row["follows_flow"],
            product: row["product"]
        )
    }

    /// Without the connection: that is gone.
    private static func flow(_ row: Row) -> SIPFlow? {
        guard let transport = row["transport"] as String?, let host = row["host"] as String?,
            let port = (row["port"] as Int64?).flatMap({ UInt16(exactly: $0) }),
            let listener = (row["listener"] as Int64?).flatMap({ UInt16(exactly: $0) })
        else { return nil }
        return SIPFlow(
            transport: SIPTransportKind(transport),
            remote: SIPAddress(host: host, port: port),
            listener: listener
        )
    }

    // MARK: Time

    private func unixTime(_ instant: Instant) -> Int64 {
        Int64(clamping: self.origin &+ instant.nanoseconds / 1_000_000)
    }

    /// Nil for a time before the origin of the clock: it is long over.
    private func instant(_ unixTime: Int64) -> Instant? {
        guard let time = UInt64(exactly: unixTime), time >= self.origin else { return nil }
        let (nanoseconds, overflow) = (time - self.origin).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? nil : Instant(nanoseconds: nanoseconds)
    }
}
