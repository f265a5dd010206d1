extension GatewayConfiguration {
    /// One of `users`: what a token can't tell about its user.
    ///
    /// - `id`: as the tokens have it, a number or a string; has no default.
    /// - `username`: the name that callees see when the token holds none; default none.
    /// - `aliases`: what else reaches the user, the first also being the identity toward SIP; default none.
    /// - `phones`: what rings with the user's apps: phones that register here, and dial strings that a row of the dial plan
    ///   takes; default none.
    package struct User: Hashable, Sendable {
        package var id: UserKey
        package var username: String?
        package var aliases: [String]
        package var phones: [String]
    }
}

extension GatewayConfiguration.User {
    /// The users, with a fault for each name that would reach two of them.
    ///
    /// `phones` is nil where the storage may hold others.
    static func readAll(
        _ value: ValueReader?,
        _ rows: [GatewayConfiguration.DialRow],
        phones: [GatewayConfiguration.Phone]?
    ) -> [Self] {
        let isPhone = { (number: String) in phones?.contains { $0.number == number } ?? true }
        var owners: [String: String] = [:]
        return value?.list { element -> Self? in
            guard let reader = element.mapping() else { return nil }
            defer { reader.finish() }
            let id = reader.required("id")?.userKey()
            if let id, let path = owners.updateValue(element.path, forKey: id.text) {
                reader.fail("the id \(id) reaches \(path) already")
            }
            let aliases = reader.value("aliases")?.list { alias -> String? in
                guard let text = alias.nonEmptyText() else { return nil }
                if let path = owners[text] {
                    alias.fail("\"\(text)\" reaches \(path) already")
                } else {
                    owners[text] = element.path
                }
                return text
            }
            let phones = reader.value("phones")?.list { phone -> String? in
                guard let text = phone.nonEmptyText() else { return nil }
                if !isPhone(text), !rows.contains(where: { $0.pattern.resolve(text) != nil }) {
                    phone.fail("no row of the dial plan takes \"\(text)\"")
                }
                return text
            }
            let username = reader.value("username")?.nonEmptyText()
            return id.map { Self(id: $0, username: username, aliases: aliases ?? [], phones: phones ?? []) }
        } ?? []
    }
}
