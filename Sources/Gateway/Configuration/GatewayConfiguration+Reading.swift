internal import CallCore
internal import Foundation
internal import Yams

extension GatewayConfiguration {
    /// A configuration that may be run, and what about it is unwise.
    package struct Loaded: Sendable {
        package var configuration: GatewayConfiguration
        package var warnings: [ConfigurationFault]
    }

    /// Reads and checks a file.
    ///
    /// - Parameters:
    ///   - file: The name that faults give.
    ///   - environment: What `${NAME}` takes its text from.
    /// - Returns: The configuration, every default in its place.
    /// - Throws: every fault of the file, in the order of its lines.
    package static func load(
        file: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationFaults) -> Loaded {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationFaults([ConfigurationFault(file: file, text: "the file can't be read")])
        }
        guard data.count <= 16 << 20, let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationFaults([ConfigurationFault(file: file, text: "the file is not text in UTF-8")])
        }
        return try self.parse(text, file: file, environment: environment)
    }

    /// Reads and checks a text.
    ///
    /// - Parameters:
    ///   - text: YAML.
    ///   - file: The name that faults give; files that the text names are relative to its folder.
    ///   - environment: What `${NAME}` takes its text from.
    /// - Returns: The configuration, every default in its place.
    /// - Throws: every fault of the text, in the order of its lines.
    package static func parse(
        _ text: String,
        file: String,
        environment: [String: String]
    ) throws(ConfigurationFaults) -> Loaded {
        let context = ReadingContext(file: file, environment: environment)
        let root = try self.readRoot(text, context)
        let configuration = self.read(root)
        root.finish()
        guard context.faults.isEmpty else { throw ConfigurationFaults(self.sorted(context.faults)) }
        return Loaded(configuration: configuration, warnings: self.sorted(context.warnings))
    }

    /// Each once, in the order of the lines; those of one line in the order in which they were found.
    private static func sorted(_ faults: [ConfigurationFault]) -> [ConfigurationFault] {
        var seen: Set<ConfigurationFault> = []
        return faults.filter { seen.insert($0).inserted }.enumerated()
            .sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }

    private static func read(_ root: MappingReader) -> GatewayConfiguration {
        self.refusePlanned(root)
        let trunks = root.value("trunks")
        // A trunk with a fault elsewhere is still a trunk: rows that name it have no fault of their own.
        let trunkNames = Self.names(trunks)
        let dialplan = root.value("dialplan")
        let rows = DialRow.readAll(dialplan, trunks: trunkNames)
        let normalize = DialPattern.readRows(root.value("normalize"), rewrite: "rewrite") ?? []
        let plan = DialPlan(rows, normalize: normalize)
        let storage = Storage.read(root.section("storage"))
        let phones = Phone.readAll(root.value("phones"))
        let users = User.readAll(
            root.value("users"),
            isTaken: { plan.match($0, by: .directory) != .none },
            rows: Self.names(dialplan),
            phones: storage.isInMemory ? phones : nil,
            trunks: trunkNames
        )
        let configuration = GatewayConfiguration(
            client: .read(root.section("client")),
            tokens: .read(root.section("tokens")),
            admin: .read(root.section("admin")),
            sip: .read(root.section("sip")),
            media: .read(root.section("media")),
            users: users,
            phones: phones,
            groups: Group.readAll(root.value("groups"), users: users),
            trunks: Trunk.readAll(trunks),
            normalize: normalize,
            dialplan: rows,
            storage: storage,
            log: .read(root.section("log")),
            timers: .read(root.section("timers")),
            limits: .read(root.section("limits"))
        )
        configuration.checkListeners(root)
        configuration.checkAnchors(trunks)
        configuration.checkTranscoding(root)
        configuration.checkTransports(trunks)
        configuration.checkSessionTimers(trunks)
        return configuration
    }

    private static func names(_ list: ValueReader?) -> [String] {
        guard case .sequence(let sequence)? = list?.node else { return [] }
        return sequence.compactMap { $0.mapping?["name"]?.scalar?.string }
    }

    /// The listeners that share TCP: the apps', the admin's, and SIP's own.
    private func checkListeners(_ root: MappingReader) {
        let admin = root.section("admin")
        if self.admin.listen.collides(with: self.client.listen) {
            root.context.fault(
                line: admin.lineOf("listen"),
                path: "admin.listen",
                "\(self.admin.listen) can't be bound beside client.listen, \(self.client.listen)"
            )
        }
        for listener in self.sip.listen where listener.transport != .udp {
            for (name, other) in [("client.listen", self.client.listen), ("admin.listen", self.admin.listen)]
            where listener.address.collides(with: other) {
                root.context.fault(
                    line: root.section("sip").lineOf("listen"),
                    path: "sip.listen",
                    "\(listener) can't be bound beside \(name), \(other)"
                )
            }
        }
    }

    /// A call between two trunks has both its legs at one anchor.
    private func checkAnchors(_ trunks: ValueReader?) {
        guard case .sequence(let sequence)? = trunks?.node, sequence.count == self.trunks.count,
            let anchor = self.anchor
        else { return }
        for (index, trunk) in self.trunks.enumerated() {
            guard let mode = trunk.mediaMode, mode != .passthrough, mode != anchor else { continue }
            trunks?.context.fault(
                line: sequence[index].mapping?["media"]?.mapping?["mode"]?.mark?.line,
                path: "trunks[\(index)].media.mode",
                "\(mode.rawValue) can't be beside \(anchor.rawValue): all trunks that don't pass media through have the same"
            )
        }
    }

    private func checkSessionTimers(_ trunks: ValueReader?) {
        guard case .sequence(let sequence)? = trunks?.node, sequence.count == self.trunks.count else { return }
        let timers = self.sip.timers
        for (index, trunk) in self.trunks.enumerated() {
            guard let wanted = trunk.sessionExpires, wanted != .zero else { continue }
            let fault: String
            if timers.sessionExpires == .zero {
                fault = "sip.timers.session_expires is 0, so that there are no session timers"
            } else if !timers.allows(wanted) {
                fault =
                    "must not be shorter than sip.timers.min_se, \(DurationText.print(timers.minimumSessionExpires))"
            } else {
                continue
            }
            trunks?.context.fault(
                line: sequence[index].mapping?["session_expires"]?.mark?.line,
                path: "trunks[\(index)].session_expires",
                fault
            )
        }
    }

    private func checkTranscoding(_ root: MappingReader) {
        guard self.media.transcodes, self.anchor == .rtpengine else { return }
        root.context.fault(
            line: root.section("media").lineOf("transcode"),
            path: "media.transcode",
            "calls through rtpengine are not transcoded; leave it out, or write mode: relay"
        )
    }

    /// What goes to a trunk needs a socket of its kind, which answers come to (RFC 3261 §18.1.1).
    private func checkTransports(_ trunks: ValueReader?) {
        guard case .sequence(let sequence)? = trunks?.node, sequence.count == self.trunks.count else { return }
        for (index, trunk) in self.trunks.enumerated() {
            let hops = trunk.outboundProxy.map { [$0] } ?? trunk.servers.map(\.uri)
            guard let uri = hops.first(where: \.needsTLS), !self.sip.listen.contains(where: { $0.transport == .tls })
            else {
                continue
            }
            let keys = trunk.outboundProxy == nil ? ["uri", "uris"] : ["outbound_proxy"]
            let key = keys.first { sequence[index].mapping?[$0] != nil } ?? "uri"
            trunks?.context.fault(
                line: sequence[index].mapping?[key]?.mark?.line,
                path: "trunks[\(index)].\(key)",
                "\(uri) needs a tls: listener in sip.listen"
            )
        }
    }

    private static func refusePlanned(_ root: MappingReader) {
        let cluster = root.section("cluster")
        cluster.planned("redis", "more than one gateway is planned for a later release; leave it out for now")
        cluster.finish()
    }

    private static func readRoot(_ text: String, _ context: ReadingContext) throws(ConfigurationFaults) -> MappingReader
    {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationFaults([self.fault(of: error, in: context.file)])
        }
        guard let node else { return MappingReader(absentAt: "", line: nil, context: context) }
        guard case .mapping(let mapping) = node else {
            throw ConfigurationFaults([
                ConfigurationFault(
                    file: context.file,
                    line: node.mark?.line,
                    text: "the file must hold a mapping of keys and values; start it with client:"
                )
            ])
        }
        return MappingReader(mapping, path: "", line: node.mark?.line, context: context)
    }

    /// What the YAML parser says, on one line and with its place.
    private static func fault(of error: any Error, in file: String) -> ConfigurationFault {
        guard let error = error as? YamlError else {
            return ConfigurationFault(file: file, text: "the file is not YAML: \(error)")
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigurationFault(file: file, line: mark.line, text: "the file is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let place):
            let keys = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            return ConfigurationFault(
                file: file,
                line: place.mark.line,
                text: "the mapping that starts here has twice the key \(keys)"
            )
        case .reader(let problem, _, _, _), .writer(let problem), .emitter(let problem), .representer(let problem):
            return ConfigurationFault(file: file, text: "the file is not YAML: \(problem)")
        case .no, .memory, .dataCouldNotBeDecoded:
            return ConfigurationFault(file: file, text: "the file is not YAML")
        }
    }
}
