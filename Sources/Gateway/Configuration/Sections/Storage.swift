extension GatewayConfiguration {
    /// `storage`: what outlives a restart.
    ///
    /// - `path`: an SQLite file, made where there is none; default `:memory:`, which keeps nothing.
    package struct Storage: Hashable, Sendable {
        package var path: String

        package static let memory = ":memory:"

        package var isInMemory: Bool { self.path == Self.memory }
    }
}

extension GatewayConfiguration.Storage {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        guard let value = reader.value("path"), let text = value.nonEmptyText(), text != Self.memory else {
            return Self(path: Self.memory)
        }
        return Self(path: value.context.resolve(file: text))
    }
}
