import Foundation
import Testing

/// A message of RFC 4475 with the outcome that the RFC asks for.
struct TortureMessage: CustomTestStringConvertible, Sendable {
    let name: String
    let section: String
    let isAccepted: Bool
    /// The status that the sender gets; nil where it gets none, or where that is not the parser's business.
    let answer: UInt16?

    var testDescription: String { "\(self.section) \(self.name)" }

    var bytes: [UInt8] {
        get throws { try Self.file("\(self.name).dat") }
    }

    static let all: [TortureMessage] = {
        guard let table = try? Self.file("outcomes.tsv") else { return [] }
        return String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
            let columns = line.split(separator: "\t").map(String.init)
            guard columns.count == 4, !line.hasPrefix("#") else { return nil }
            return TortureMessage(
                name: columns[0],
                section: columns[1],
                isAccepted: columns[2] == "accepted",
                answer: UInt16(columns[3])
            )
        }
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        try Self.file("\(name).dat")
    }

    private static func file(_ name: String) throws -> [UInt8] {
        let file = Bundle.module.bundleURL.appendingPathComponent("torture/\(name)")
        return Array(try Data(contentsOf: file))
    }
}
