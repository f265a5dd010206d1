extension GatewayConfiguration {
    /// `log`: what goes to standard error.
    ///
    /// - `level`: `trace`, `debug`, `info` (default), `notice`, `warning`, `error` or `critical`.
    /// - `format`: `text` (default), or `json` for one object a line.
    package struct Log: Hashable, Sendable {
        package enum Level: String, CaseIterable, Hashable, Sendable {
            case trace
            case debug
            case info
            case notice
            case warning
            case error
            case critical
        }

        package enum Format: String, CaseIterable, Hashable, Sendable {
            case text
            case json
        }

        package var level: Level
        package var format: Format
    }
}

extension GatewayConfiguration.Log {
    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        return Self(
            level: reader.value("level")?.word(Level.self) ?? .info,
            format: reader.value("format")?.word(Format.self) ?? .text
        )
    }
}
