extension GatewayConfiguration {
    /// One of `groups`: several that one number reaches.
    ///
    /// - `name`: unique; has no default.
    /// - `numbers`: what reaches it, dialled by users and phones or called by a trunk; has no default.
    /// - `members`: users, phones that register here, and dial strings that a row of the dial plan takes; a member that is
    ///   neither phone nor dial string is a user. Has no default.
    /// - `ring`: `all`, at once, which is the default, or `in_turn`, each when the one before has not answered or has refused.
    /// - `ring_time`: how long all of them ring, or each in its turn; default 20 s. `timers.ring` bounds the whole call.
    package struct Group: Hashable, Sendable {
        package var name: String
        package var numbers: [String]
        package var members: [UserKey]
        package var ring: GroupOrder
        package var ringTime: Duration
    }

    /// In which order the members of a group ring.
    package enum GroupOrder: String, CaseIterable, Hashable, Sendable {
        case all
        case inTurn = "in_turn"
    }
}

extension GatewayConfiguration.Group {
    /// The groups, with a fault for each number that reaches somebody else.
    static func readAll(_ value: ValueReader?, users: [GatewayConfiguration.User]) -> [Self] {
        var names: Set<String> = []
        var owners: [String: String] = [:]
        for (index, user) in users.enumerated() {
            for name in [user.id.text] + user.aliases { owners[name] = "users[\(index)]" }
        }
        let groups =
            value?.list { element -> Self? in
                guard let reader = element.mapping() else { return nil }
                defer { reader.finish() }
                let name = reader.required("name")?.nonEmptyText()
                if let name, !names.insert(name).inserted { reader.fail("there is a group \"\(name)\" already") }
                let numbers = reader.required("numbers")?.list { number -> String? in
                    guard let text = number.nonEmptyText() else { return nil }
                    if let path = owners.updateValue(element.path, forKey: text) {
                        number.fail("\"\(text)\" reaches \(path) already")
                    }
                    return text
                }
                if numbers?.isEmpty == true { reader.fail("numbers: nothing reaches the group") }
                var seen: Set<String> = []
                let members = reader.required("members")?.list { member -> UserKey? in
                    guard let key = member.userKey() else { return nil }
                    if !seen.insert(key.text).inserted { member.fail("\"\(key)\" is a member already") }
                    return key
                }
                if members?.isEmpty == true { reader.fail("members: nobody is in the group") }
                let ring = reader.value("ring")?.word(GatewayConfiguration.GroupOrder.self) ?? .all
                let ringTime = reader.value("ring_time")?.duration(in: .seconds(1)...Duration.seconds(3_600))
                guard let name, let numbers, let members else { return nil }
                return Self(
                    name: name,
                    numbers: numbers,
                    members: members,
                    ring: ring,
                    ringTime: ringTime ?? .seconds(20)
                )
            } ?? []
        // A group in a group could hold itself.
        let all = Set(groups.flatMap(\.numbers))
        for group in groups {
            for member in group.members where all.contains(member.text) {
                value?.fail("\"\(member)\" in \(group.name) is a group; members are users, phones and dial strings")
            }
        }
        return groups
    }
}
