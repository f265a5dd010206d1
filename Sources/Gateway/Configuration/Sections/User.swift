extension GatewayConfiguration {
    /// One of `users`: what a token can't tell about its user.
    ///
    /// - `id`: as the tokens have it, a number or a string; has no default.
    /// - `username`: the name that callees see when the token holds none; default none.
    /// - `aliases`: what else reaches the user, the first also being the identity toward SIP; default none.
    /// - `phones`: what rings with the user's apps: phones that register here, and dial strings that a row of the dial plan
    ///   takes; default none.
    /// - `register`: the user's extension at a trunk, `{ trunk, username, password, when }`: calls for it come to the user, and
    ///   the user's calls to that trunk are its own.
    ///   `when` is `connected`, the default, or `always`; default none.
    /// - `caller_id`: the user's number toward trunks; default, the first alias, else the id.
    /// - `may_call`: the names of the rows of the dial plan that the user's apps and phones may use, an empty list for none;
    ///   default, all of them.
    /// - `max_duration`: how long a call that the user places may last from its answer on; default, as `timers.call` has it.
    package struct User: Hashable, Sendable {
        package var id: UserKey
        package var username: String?
        package var aliases: [String]
        package var phones: [String]
        package var registration: Registration?
        package var callerID: String?
        /// nil: every row.
        package var mayCall: [String]?
        /// nil: no end of the user's own.
        package var maxDuration: Duration?
    }

    /// A user's extension at a trunk.
    package struct Registration: Hashable, Sendable {
        package var trunk: String
        package var username: String
        package var password: Secret
        package var when: RegistrationTime
    }

    /// When a user's extension is registered.
    package enum RegistrationTime: String, CaseIterable, Hashable, Sendable {
        /// As long as an app of the user is connected.
        case connected
        case always
    }
}

extension GatewayConfiguration.User {
    /// The users, with a fault for each name that would reach two of them.
    ///
    /// `isTaken` tells whether the dial plan takes a string, `rows` are the names of its rows; `phones` is nil where the
    /// storage may hold others.
    static func readAll(
        _ value: ValueReader?,
        isTaken: (String) -> Bool,
        rows: [String],
        phones: [GatewayConfiguration.Phone]?,
        trunks: [String]
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
                if !isPhone(text), !isTaken(text) {
                    phone.fail("no row of the dial plan takes \"\(text)\"")
                }
                return text
            }
            let username = reader.value("username")?.nonEmptyText()
            let registration = reader.value("register")?.mapping().flatMap { self.readRegistration($0, trunks: trunks) }
            let callerID = reader.value("caller_id")?.nonEmptyText()
            let mayCall = reader.value("may_call")?.list { name -> String? in
                guard let text = name.nonEmptyText() else { return nil }
                if !rows.contains(text) {
                    let near = Spelling.nearest(to: text, among: rows).map { "; did you mean \"\($0)\"?" } ?? ""
                    name.fail("no row of the dial plan has the name \"\(text)\"\(near)")
                }
                return text
            }
            let maxDuration = reader.value("max_duration")?.duration(in: GatewayConfiguration.DialRow.durations)
            return id.map {
                Self(
                    id: $0,
                    username: username,
                    aliases: aliases ?? [],
                    phones: phones ?? [],
                    registration: registration,
                    callerID: callerID,
                    mayCall: mayCall,
                    maxDuration: maxDuration
                )
            }
        } ?? []
    }

    private static func readRegistration(
        _ reader: MappingReader,
        trunks: [String]
    ) -> GatewayConfiguration.Registration? {
        defer { reader.finish() }
        let trunk = reader.required("trunk").flatMap { value -> String? in
            let name = value.nonEmptyText()
            if let name, !trunks.contains(name) { value.fail("there is no trunk \"\(name)\"") }
            return name
        }
        let username = reader.required("username")?.nonEmptyText()
        let password = reader.required("password")?.secret()
        let when = reader.value("when")?.word(GatewayConfiguration.RegistrationTime.self) ?? .connected
        guard let trunk, let username, let password else { return nil }
        return GatewayConfiguration.Registration(trunk: trunk, username: username, password: password, when: when)
    }
}
