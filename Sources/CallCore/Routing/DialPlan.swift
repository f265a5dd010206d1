package import ClientProtocol

/// Where a dialled string goes: rows, of which the first that matches decides.
package struct DialPlan: Sendable {
    package struct Row: Sendable {
        /// The string as the trunk gets it, where the row matches the dialled one; else nil.
        package var rewrite: @Sendable (String) -> String?
        /// The trunks' names: the others stand in for the first, in their order.
        package var trunks: [String]
        /// The users and phones that may use the row; nil: all of them.
        package var allow: [PartyID]?
        /// The trunks whose calls may use the row: without a name here nobody's PBX becomes an open relay.
        package var allowTrunks: [String]

        package init(
            trunks: [String],
            allow: [PartyID]? = nil,
            allowTrunks: [String] = [],
            rewrite: @escaping @Sendable (String) -> String?
        ) {
            self.rewrite = rewrite
            self.trunks = trunks
            self.allow = allow
            self.allowTrunks = allowTrunks
        }

        package init(
            trunk: String,
            allow: [PartyID]? = nil,
            allowTrunks: [String] = [],
            rewrite: @escaping @Sendable (String) -> String?
        ) {
            self.init(trunks: [trunk], allow: allow, allowTrunks: allowTrunks, rewrite: rewrite)
        }

        package func permits(_ caller: Caller) -> Bool {
            switch caller {
            case .user(let id): self.allow?.contains { $0.names(id) } ?? true
            case .phone(let phone, let user):
                self.allow?.contains { $0.names(phone) || (user.map($0.names) ?? false) } ?? true
            case .trunk(let name): self.allowTrunks.contains(name)
            case .directory: true
            }
        }
    }

    /// On whose behalf a string is dialled.
    package enum Caller: Hashable, Sendable {
        case user(PartyID)
        case trunk(String)
        /// A phone that registers here, and the user that it belongs to.
        case phone(PartyID, user: PartyID?)
        /// The operator assigned this phone to a user or a group: whoever reaches those reaches the phone.
        case directory
    }

    package enum Match: Hashable, Sendable {
        case found(trunks: [String], number: String)
        /// The row that matches is not for this caller; later rows are not looked at.
        case forbidden
        case none
    }

    package var rows: [Row]

    package init(rows: [Row] = []) {
        self.rows = rows
    }

    package func match(_ dialled: String, by caller: Caller) -> Match {
        for row in self.rows {
            guard let number = row.rewrite(dialled) else { continue }
            return row.permits(caller) ? .found(trunks: row.trunks, number: number) : .forbidden
        }
        return .none
    }
}
