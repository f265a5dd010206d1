extension DialPattern {
    /// Reads a pattern and what takes the place of what it matches; nil after a fault.
    static func read(_ match: ValueReader, rewrite: ValueReader?) -> DialPattern? {
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

    /// Reads a list of rows with `match` and, under the given key, what takes the place of what that matches.
    static func readRows(_ value: ValueReader?, rewrite key: String) -> [DialPattern]? {
        value?.list { element -> DialPattern? in
            guard let reader = element.mapping() else { return nil }
            defer { reader.finish() }
            let match = reader.required("match")
            let rewrite = reader.required(key)
            guard let match, let rewrite else { return nil }
            return self.read(match, rewrite: rewrite)
        }
    }
}
