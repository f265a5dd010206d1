package import SIPCore

/// The redirects that one branch of a call has followed, and the targets that it has left (RFC 3261 §8.1.3.4).
///
/// Targets are tried one after the other, the best first; each is resolved by the `Router` when its turn comes. No more
/// than three redirects lead to one target, and no destination is tried twice.
package struct Redirects: Hashable, Sendable {
    /// How many redirects may lead to one target.
    package static let longestChain = 3
    /// How many targets of a branch may wait; a longer list is cut.
    package static let mostTargets = 8

    /// One who sent the call on.
    package struct Diversion: Hashable, Sendable {
        /// As whom it was called.
        package var uri: SIPURI
        /// The status of its response.
        package var status: UInt16

        package init(uri: SIPURI, status: UInt16) {
            self.uri = uri
            self.status = status
        }
    }

    private struct Target: Hashable, Sendable {
        var uri: SIPURI
        var preference: UInt16
        /// The trunk that named it; nil: a phone that registers here did.
        var trunk: String?
        /// Who led to it, the first one first.
        var diversions: [Diversion]
    }

    private struct Values: Hashable, Sendable {
        var current: Target?
        var tried: [Router.Destination]
        var waiting: [Target] = []
    }

    /// Never empty: a call is copied with every message, so that this is one reference.
    private var storage: ContiguousArray<Values>

    /// A branch that nobody has redirected yet.
    ///
    /// - Parameter route: where its INVITE went.
    package init(from route: Router.Route) {
        var first = route
        first.server = 0
        self.storage = [Values(tried: [.phone(first)])]
    }

    /// Whether a response of that status has this branch go on, to a target of its own or to one that waits.
    ///
    /// A proxy to be used (305), and an alternative service (380), are no other callee. A 6xx speaks for the user.
    package func goesOn(after status: UInt16) -> Bool {
        Self.isRedirect(status) || (400..<600).contains(status) && !self.storage[0].waiting.isEmpty
    }

    package static func isRedirect(_ status: UInt16) -> Bool { (300...302).contains(status) }

    /// The branch was redirected: its targets wait behind those that are as good or better.
    ///
    /// - Parameters:
    ///   - contacts: of the response, in its order.
    ///   - diversion: who redirects.
    ///   - trunk: the trunk that it belongs to; nil: it registers here.
    package mutating func redirected(to contacts: [NameAddress], by diversion: Diversion, at trunk: String?) {
        let diversions = self.diversions + [diversion]
        guard diversions.count <= Self.longestChain else { return }
        for contact in contacts.prefix(Self.mostTargets) {
            let target = Target(
                uri: contact.uri,
                preference: contact.preference,
                trunk: trunk,
                diversions: diversions
            )
            let place = self.storage[0].waiting.firstIndex { $0.preference < target.preference }
            self.storage[0].waiting.insert(target, at: place ?? self.storage[0].waiting.endIndex)
        }
        self.storage[0].waiting = Array(self.storage[0].waiting.prefix(Self.mostTargets))
    }

    /// Takes the best target that is left; nil where there is none.
    ///
    /// - Returns: what was named, and by which trunk.
    package mutating func next() -> (uri: SIPURI, trunk: String?)? {
        guard !self.storage[0].waiting.isEmpty else { return nil }
        let target = self.storage[0].waiting.removeFirst()
        self.storage[0].current = target
        return (target.uri, target.trunk)
    }

    /// Notes that this destination is tried; false where it has been before.
    package mutating func tries(_ destination: Router.Destination) -> Bool {
        guard !self.storage[0].tried.contains(destination) else { return false }
        self.storage[0].tried.append(destination)
        return true
    }

    /// Who has led to the target that was taken last, the first one first.
    package var diversions: [Diversion] { self.storage[0].current?.diversions ?? [] }

    // MARK: What the new callee is told

    /// Diversion (RFC 5806) and History-Info (RFC 7044) of an INVITE to the target that was taken last.
    ///
    /// - Parameter received: the fields of both names that the call came with.
    /// - Returns: these, and what has been added here.
    package func history(after received: [SIPHeaders.Field]) -> [SIPHeaders.Field] {
        guard let target = self.storage[0].current else { return received }
        // The last to divert stands first.
        var fields = target.diversions.reversed().map { diversion in
            SIPHeaders.Field("Diversion", "\(NameAddress(uri: diversion.uri).text);reason=deflection;counter=1")
        }
        fields += received
        var index = Self.lastIndex(received).map { "\($0).1" } ?? "1"
        var isFirst = true
        for diversion in target.diversions {
            var uri = diversion.uri
            uri.headers = "Reason=SIP%3Bcause%3D\(diversion.status)"
            fields.append(.init("History-Info", Self.entry(uri, index, isFirst: isFirst)))
            index += ".1"
            isFirst = false
        }
        var uri = target.uri
        uri.headers = nil
        fields.append(.init("History-Info", Self.entry(uri, index, isFirst: isFirst)))
        return fields
    }

    /// `mp`: a redirect has put it in the place of the entry before (RFC 7044 §5).
    private static func entry(_ uri: SIPURI, _ index: String, isFirst: Bool) -> String {
        let before = index.dropLast(2)
        return "\(NameAddress(uri: uri).text);index=\(index)" + (isFirst ? "" : ";mp=\(before)")
    }

    /// The index of the last entry; nil where there is none that can be read.
    private static func lastIndex(_ fields: [SIPHeaders.Field]) -> String? {
        let last = fields.last { $0.name.equalsIgnoringCase("History-Info") }
        guard let index = last.flatMap({ NameAddress.list($0.value)?.last?.parameters["index"] }),
            index.utf8.count <= 32, index.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        return index
    }
}
