import Foundation
import Gateway
import Logging
import Synchronization
import Testing

@Suite struct JSONLogTests {
    @Test("A log message is one JSON object on one line") func line() {
        let lines = Mutex<[String]>([])
        var logger = Logger(label: "switchhook") { label in
            JSONLogHandler(label: label, now: { Date(timeIntervalSince1970: 1.5) }) { line in
                lines.withLock { $0.append(line) }
            }
        }
        logger[metadataKey: "call"] = "c1"
        logger.notice("A\nline", metadata: ["peers": ["a", "b"], "secret": .stringConvertible(Secret("x"))])
        logger.debug("not shown")
        #expect(
            lines.withLock { $0 } == [
                #"{"label":"switchhook","level":"notice","message":"A\nline","metadata":{"call":"c1","#
                    + #""peers":["a","b"],"secret":"***"},"time":"1970-01-01T00:00:01.500Z"}"# + "\n"
            ]
        )
    }
}
