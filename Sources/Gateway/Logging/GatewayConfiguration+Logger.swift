internal import Foundation
package import Logging

extension GatewayConfiguration.Log {
    /// A logger as configured, to standard error: standard output belongs to `ready` and to what commands print.
    package func makeLogger(label: String = "switchhook") -> Logger {
        var logger = Logger(label: label) { label in
            switch self.format {
            case .text:
                StreamLogHandler.standardError(label: label)
            case .json:
                JSONLogHandler(label: label) { line in
                    // One write a line: lines of several threads don't mix. Nobody can be told that it failed.
                    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
                }
            }
        }
        logger.logLevel = self.level.loggerLevel
        return logger
    }
}

extension GatewayConfiguration.Log.Level {
    var loggerLevel: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
