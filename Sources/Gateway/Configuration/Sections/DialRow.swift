extension GatewayConfiguration {
    /// One row of `dialplan`.
    ///
    /// - `match`: a regular expression; see `DialPattern`; has no default.
    /// - `trunk`: the name of the trunk that takes the call; has no default.
    /// - `rewrite`: what is dialled there, with `$1`…`$9` for the groups; default, the dial string itself.
    /// - `allow`: the users whose calls it takes; default, all users and phones.
    /// - `allow_trunks`: the trunks whose calls it takes, which otherwise reach users only; default none.
    package struct DialRow: Hashable, Sendable {
        package var pattern: DialPattern
        package var trunk: String
        package var allow: [UserKey]?
        package var allowTrunks: [String]
    }
}

extension GatewayConfiguration.DialRow {
    /// The rows; `trunks` are the names of all trunks, also of those that have faults.
    static func readAll(_ value: ValueReader?, trunks: [String]) -> [Self] {
        value?.list { element -> Self? in
            guard let reader = element.mapping() else { return nil }
            defer { reader.finish() }
            let match = reader.required("match")
            let rewrite = reader.value("rewrite")
            let pattern = match.flatMap { self.readPattern($0, rewrite: rewrite) }
            let trunk = reader.required("trunk").flatMap { self.readTrunkName($0, trunks) }
            let allow = reader.value("allow")?.list { $0.userKey() }
            if let allow, allow.isEmpty {
                reader.context.fault(
                    line: reader.lineOf("allow"),
                    path: reader.pathOf("allow"),
                    "allows nobody; leave it out to allow every user, or the whole row"
                )
            }
            let allowTrunks = reader.value("allow_trunks")?.list { self.readTrunkName($0, trunks) }
            guard let pattern, let trunk else { return nil }
            return Self(pattern: pattern, trunk: trunk, allow: allow, allowTrunks: allowTrunks ?? [])
        } ?? []
    }

    private static func readPattern(_ match: ValueReader, rewrite: ValueReader?) -> DialPattern? {
        guard let source = match.nonEmptyText() else { return nil }
        var pattern: DialPattern?
        do throws(DialPatternError) {
            pattern = try DialPattern(source)
        } catch {
            match.fail(error.text)
        }
        guard let rewrite else { return pattern }
        guard let text = rewrite.nonEmptyText(), pattern != nil else { return nil }
        do throws(DialPatternError) {
            return try DialPattern(source, rewrite: text)
        } catch {
            rewrite.fail(error.text)
            return nil
        }
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
