package import Foundation
package import Logging

/// Writes each log message as one JSON object on one line.
package struct JSONLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let now: @Sendable () -> Date
    private let write: @Sendable (String) -> Void

    /// Writes what `Logger` hands it.
    ///
    /// - Parameters:
    ///   - label: The logger's.
    ///   - now: The clock.
    ///   - write: Takes each line, its line feed included.
    package init(
        label: String,
        now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.now = now
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = self.metadata
        all.merge(self.metadataProvider?.get() ?? [:]) { $1 }
        all.merge(event.metadata ?? [:]) { $1 }
        if let error = event.error { all["error"] = "\(error)" }
        let line = Line(
            time: self.now().ISO8601Format(.init(includingFractionalSeconds: true)),
            level: event.level.rawValue,
            label: self.label,
            message: event.message.description,
            metadata: all.isEmpty ? nil : all.mapValues(Value.init)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(line) else { return }
        self.write(String(decoding: data, as: UTF8.self) + "\n")
    }

    private struct Line: Encodable {
        var time: String
        var level: String
        var label: String
        var message: String
        var metadata: [String: Value]?
    }

    private indirect enum Value: Encodable {
        case text(String)
        case list([Value])
        case mapping([String: Value])

        init(_ value: Logger.Metadata.Value) {
            switch value {
            case .string(let text): self = .text(text)
            case .stringConvertible(let value): self = .text(value.description)
            case .array(let values): self = .list(values.map(Value.init))
            case .dictionary(let values): self = .mapping(values.mapValues(Value.init))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .list(let values): try container.encode(values)
            case .mapping(let values): try container.encode(values)
            }
        }
    }
}
