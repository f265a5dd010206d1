extension GatewayConfiguration {
    /// One row of `dialplan`.
    ///
    /// - `name`: what users' `may_call` has for it, and for others of the same name; default none.
    /// - `match`: a regular expression over the number as `normalize` has left it; see `DialPattern`; has no default.
    /// - `trunk`: the name of the trunk that takes the call, or a list: each stands in for the one before it where that one
    ///   can't be reached or fails, and never where the callee has refused; has no default.
    /// - `rewrite`: what is dialled there, with `$1`…`$9` for the groups; default, the dial string itself.
    /// - `allow`: the users whose calls it takes; default, all users and phones.
    /// - `allow_trunks`: the trunks whose calls it takes, which otherwise reach users only; default none.
    /// - `max_duration`: how long a call by the row may last from its answer on; default, as `timers.call` has it.
    package struct DialRow: Hashable, Sendable {
        package var name: String?
        package var pattern: DialPattern
        package var trunks: [String]
        package var allow: [UserKey]?
        package var allowTrunks: [String]
        /// nil: the row sets no end.
        package var maxDuration: Duration?
    }
}

extension GatewayConfiguration.DialRow {
    /// How long calls may be told to last, by a row or for a user.
    static let durations = Duration.seconds(1)...Duration.seconds(86_400)

    /// The rows; `trunks` are the names of all trunks, also of those that have faults.
    static func readAll(_ value: ValueReader?, trunks: [String]) -> [Self] {
        value?.list { element -> Self? in
            guard let reader = element.mapping() else { return nil }
            defer { reader.finish() }
            let name = reader.value("name")?.nonEmptyText()
            let match = reader.required("match")
            let rewrite = reader.value("rewrite")
            let pattern = match.flatMap { DialPattern.read($0, rewrite: rewrite) }
            let own = reader.required("trunk").map { self.readTrunkNames($0, trunks) } ?? []
            let allow = reader.value("allow")?.list { $0.userKey() }
            if let allow, allow.isEmpty {
                reader.context.fault(
                    line: reader.lineOf("allow"),
                    path: reader.pathOf("allow"),
                    "allows nobody; leave it out to allow every user, or the whole row"
                )
            }
            let allowTrunks = reader.value("allow_trunks")?.list { self.readTrunkName($0, trunks) }
            let maxDuration = reader.value("max_duration")?.duration(in: Self.durations)
            guard let pattern, !own.isEmpty else { return nil }
            return Self(
                name: name,
                pattern: pattern,
                trunks: own,
                allow: allow,
                allowTrunks: allowTrunks ?? [],
                maxDuration: maxDuration
            )
        } ?? []
    }

    /// One name, or a list of them.
    private static func readTrunkNames(_ value: ValueReader, _ trunks: [String]) -> [String] {
        guard value.isList else { return self.readTrunkName(value, trunks).map { [$0] } ?? [] }
        guard value.hasElements else {
            value.fail("names no trunk")
            return []
        }
        var seen: Set<String> = []
        return value.list { element in
            guard let name = self.readTrunkName(element, trunks) else { return nil }
            if !seen.insert(name).inserted { element.fail("\"\(name)\" is in the list already") }
            return name
        } ?? []
    }

    private static func readTrunkName(_ value: ValueReader, _ trunks: [String]) -> String? {
        guard let name = value.nonEmptyText() else { return nil }
        guard trunks.contains(name) else {
            let near = Spelling.nearest(to: name, among: trunks).map { "; did you mean \"\($0)\"?" } ?? ""
            value.fail("there is no trunk \"\(name)\"\(near)")
            return nil
        }
        return name
    }
}
