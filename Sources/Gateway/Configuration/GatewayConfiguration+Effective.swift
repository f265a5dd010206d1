internal import Yams

extension GatewayConfiguration {
    /// The whole configuration as YAML, every key with the value that counts, secrets as `***`.
    ///
    /// It can be read again, and then is the same but for its secrets.
    package var effectiveText: String {
        // Nothing that this builds is beyond the emitter, so its error has no meaning of its own.
        (try? Yams.serialize(node: self.effectiveNode, width: -1, allowUnicode: true)) ?? ""
    }

    private var effectiveNode: Node {
        EffectiveNode.mapping([
            ("client", self.client.effectiveNode),
            ("tokens", self.tokens.effectiveNode),
            ("admin", self.admin.effectiveNode),
            ("sip", self.sip.effectiveNode),
            ("media", self.media.effectiveNode),
            ("users", EffectiveNode.list(self.users.map(\.effectiveNode))),
            ("phones", EffectiveNode.list(self.phones.map(\.effectiveNode))),
            ("groups", EffectiveNode.list(self.groups.map(\.effectiveNode))),
            ("trunks", EffectiveNode.list(self.trunks.map(\.effectiveNode))),
            ("normalize", EffectiveNode.list(self.normalize.map { $0.effectiveNode(rewrite: "rewrite") })),
            ("dialplan", EffectiveNode.list(self.dialplan.map(\.effectiveNode))),
            ("storage", EffectiveNode.inline([("path", EffectiveNode.text(self.storage.path))])),
            ("log", self.log.effectiveNode),
            ("timers", self.timers.effectiveNode),
            ("limits", self.limits.effectiveNode),
        ])
    }
}

/// Builds the YAML of an effective configuration.
enum EffectiveNode {
    /// In quotes, so that no text is taken for a number, a boolean or null; `${` as the file must write it.
    static func text(_ text: String?) -> Node {
        guard let text else { return self.plain("null") }
        return Node(Self.escaped(text), .implicit, .doubleQuoted)
    }

    static func secret(_ secret: Secret?) -> Node {
        secret.map { Node($0.description, .implicit, .doubleQuoted) } ?? self.plain("null")
    }

    /// Without quotes: numbers, words of a closed list, lengths of time.
    static func plain(_ value: some CustomStringConvertible) -> Node {
        Node(value.description, .implicit, .plain)
    }

    static func duration(_ duration: Duration) -> Node {
        self.plain(DurationText.print(duration))
    }

    static func user(_ key: UserKey) -> Node {
        key.isNumber ? self.plain(key.text) : self.text(key.text)
    }

    static func list(_ nodes: [Node]) -> Node {
        Node(nodes, .implicit, nodes.isEmpty ? .flow : .block)
    }

    /// A list on one line.
    static func inlineList(_ nodes: [Node]) -> Node {
        Node(nodes, .implicit, .flow)
    }

    static func mapping(_ pairs: [(String, Node)]) -> Node {
        Node(pairs.map { (self.key($0), $1) }, .implicit, .block)
    }

    /// A mapping on one line.
    static func inline(_ pairs: [(String, Node)]) -> Node {
        Node(pairs.map { (self.key($0), $1) }, .implicit, .flow)
    }

    private static func key(_ name: String) -> Node {
        Node(name)
    }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
    }
}
