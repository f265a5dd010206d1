package import ClientProtocol
package import SIPCore

/// Where a dialled string goes: rows, of which the first that matches decides.
package struct DialPlan: Sendable {
    package struct Row: Sendable {
        /// What users' permissions call it by; several rows may have one name.
        package var name: String?
        /// The string as the trunk gets it, where the row matches the dialled one; else nil.
        package var rewrite: @Sendable (String) -> String?
        /// The trunks' names: the others stand in for the first, in their order.
        package var trunks: [String]
        /// The users and phones that may use the row; nil: all of them.
        package var allow: [PartyID]?
        /// The trunks whose calls may use the row: without a name here nobody's PBX becomes an open relay.
        package var allowTrunks: [String]
        /// How long a call by the row may last from its answer on; nil: the row sets no end.
        package var maxDuration: Span?

        package init(
            name: String? = nil,
            trunks: [String],
            allow: [PartyID]? = nil,
            allowTrunks: [String] = [],
            maxDuration: Span? = nil,
            rewrite: @escaping @Sendable (String) -> String?
        ) {
            self.name = name
            self.rewrite = rewrite
            self.trunks = trunks
            self.allow = allow
            self.allowTrunks = allowTrunks
            self.maxDuration = maxDuration
        }

        package init(
            name: String? = nil,
            trunk: String,
            allow: [PartyID]? = nil,
            allowTrunks: [String] = [],
            maxDuration: Span? = nil,
            rewrite: @escaping @Sendable (String) -> String?
        ) {
            self.init(
                name: name,
                trunks: [trunk],
                allow: allow,
                allowTrunks: allowTrunks,
                maxDuration: maxDuration,
                rewrite: rewrite
            )
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

        /// Whether it is among the rows that a user may use; nil: all of them.
        func isIn(_ permitted: [String]?) -> Bool {
            guard let permitted else { return true }
            return self.name.map(permitted.contains) ?? false
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
        case found(trunks: [String], number: String, maxDuration: Span? = nil)
        /// The row that matches is not for this caller; later rows are not looked at.
        case forbidden
        case none
    }

    package var rows: [Row]
    /// Bring numbers to one form, whoever has dialled them.
    package var normalization: NumberRules

    package init(rows: [Row] = [], normalization: NumberRules = NumberRules()) {
        self.rows = rows
        self.normalization = normalization
    }

    /// A number in the one form that rows, aliases and groups know it by: without separators, and as the rules have it.
    package func normalized(_ dialled: String) -> String {
        let number = dialled.withoutSeparators
        return self.normalization.rewritten(number) ?? number
    }

    /// The row that takes what was dialled.
    ///
    /// - Parameters:
    ///   - dialled: as it was dialled; it is normalized first.
    ///   - caller: on whose behalf.
    ///   - permitted: the names of the rows that the caller may use; nil: all rows.
    /// - Returns: where the call goes, or why it does not.
    package func match(_ dialled: String, by caller: Caller, permitted: [String]? = nil) -> Match {
        let dialled = self.normalized(dialled)
        for row in self.rows {
            guard let number = row.rewrite(dialled) else { continue }
            guard row.permits(caller), row.isIn(permitted) else { return .forbidden }
            return .found(trunks: row.trunks, number: number, maxDuration: row.maxDuration)
        }
        return .none
    }
}
