package import CallCore
import ClientProtocol
package import SIPCore
import Synchronization

/// A store that keeps nothing beyond its own life: for tests, the simulator, and `storage: { path: ":memory:" }`.
package final class MemoryStore: BindingStore, DirectoryStore {
    private struct Phone {
        var account: PhoneAccount
        var realm: String
    }

    private struct Content {
        var bindings: [String: BindingChange] = [:]
        var phones: [Phone] = []
        var users: [String: Directory.User] = [:]
    }

    private let content = Mutex(Content())

    package init() {}

    package func bindings() -> [BindingChange] {
        self.content.withLock { $0.bindings.values.sorted { $0.phone < $1.phone } }
    }

    package func save(_ changes: [BindingChange]) {
        self.content.withLock { content in
            for change in changes { content.bindings[change.phone] = change.bindings.isEmpty ? nil : change }
        }
    }

    package func flush() {}

    package func phones(realm: String) -> [PhoneAccount] {
        self.content.withLock { content in
            content.phones.filter { $0.realm == realm }.map(\.account).sorted { $0.name < $1.name }
        }
    }

    package func add(_ phone: PhoneAccount, realm: String) {
        self.content.withLock { content in
            content.phones.removeAll { $0.account.name == phone.name && $0.realm == realm }
            content.phones.append(Phone(account: phone, realm: realm))
        }
    }

    package func removePhone(_ name: String) -> Bool {
        self.content.withLock { content in
            let before = content.phones.count
            content.phones.removeAll { $0.account.name == name }
            return content.phones.count < before
        }
    }

    package func users() -> [Directory.User] {
        self.content.withLock { $0.users.values.sorted { $0.id.text < $1.id.text } }
    }

    package func add(_ user: Directory.User) {
        self.content.withLock { $0.users[user.id.text] = user }
    }

    package func removeUser(id: String) -> Bool {
        self.content.withLock { $0.users.removeValue(forKey: id) != nil }
    }
}
