package import ClientProtocol
package import SIPCore

/// The users that the operator has named: only what a token can't tell.
///
/// A valid token needs no entry here; an entry adds aliases, phones that ring with the user, and a caller identity.
package struct Directory: Sendable {
    package struct User: Hashable, Sendable {
        /// As the operator wrote it, number or string.
        package var id: PartyID
        /// The name toward phones; nil: the one that the user's token tells.
        package var username: String?
        /// Other strings that reach the user; the first is the user's identity toward phones.
        package var aliases: [String]
        /// Dial strings of the user's phones, resolved through the dial plan.
        package var phones: [String]
        /// The user's own extension at a trunk: calls there are the extension's.
        package var account: Account?
        /// The user's number toward trunks; nil: the first alias, else the id.
        package var callerID: String?
        /// The names of the rows of the dial plan that the user may use; nil: all of them.
        package var mayCall: [String]?
        /// How long a call that the user places may last from its answer on; nil: no end is set.
        package var maxDuration: Span?

        package init(
            id: PartyID,
            username: String? = nil,
            aliases: [String] = [],
            phones: [String] = [],
            account: Account? = nil,
            callerID: String? = nil,
            mayCall: [String]? = nil,
            maxDuration: Span? = nil
        ) {
            self.id = id
            self.username = username
            self.aliases = aliases
            self.phones = phones
            self.account = account
            self.callerID = callerID
            self.mayCall = mayCall
            self.maxDuration = maxDuration
        }

        /// What the user logs in with at that trunk; nil where the user has no extension there.
        func account(at trunk: String) -> DigestCredentials? {
            self.account.flatMap { $0.trunk == trunk ? $0.credentials : nil }
        }
    }

    /// An extension at a trunk.
    package struct Account: Hashable, Sendable {
        /// The trunk's name.
        package var trunk: String
        package var credentials: DigestCredentials

        package init(trunk: String, credentials: DigestCredentials) {
            self.trunk = trunk
            self.credentials = credentials
        }
    }

    private var users: [String: User] = [:]
    /// Aliases and phones: whose they are.
    private var owners: [String: String] = [:]
    private var groups: [String: Group] = [:]

    package init(users: [User] = [], groups: [Group] = []) {
        for group in groups {
            for number in group.numbers { self.groups[number] = group }
        }
        for user in users {
            self.users[user.id.text] = user
            for name in user.aliases + user.phones { self.owners[name] = user.id.text }
        }
    }

    package func user(id: String) -> User? { self.users[id] }

    /// The group that a number reaches.
    package func group(number: String) -> Group? { self.groups[number] }

    /// The user that an alias or a phone belongs to.
    package func owner(of name: String) -> User? {
        self.owners[name].flatMap { self.users[$0] }
    }

    /// The user that has this alias; a phone of the user is not the user.
    package func user(alias: String) -> User? {
        self.owner(of: alias).flatMap { $0.aliases.contains(alias) ? $0 : nil }
    }
}
