import ClientProtocol
import Foundation
import Testing

/// The messages of the published version, one a file, in a folder for each schema; they are read for ever.
///
/// With `SWITCHHOOK_WRITE_FIXTURES=1` in the environment they are written anew, for a version that is not yet published.
@Suite("The messages of the published version", .serialized) struct FixtureTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    private static let isWriting = ProcessInfo.processInfo.environment["SWITCHHOOK_WRITE_FIXTURES"] == "1"

    private static func files(of event: Samples.Event) -> [String] {
        let extended = "server-to-client.extended/\(event.name).json"
        return event.profile == .extended ? [extended] : ["server-to-client.baseline/\(event.name).json", extended]
    }

    private static func fixture(_ path: String, orWrite text: String) throws -> String {
        let url = Self.folder.appending(path: path)
        if Self.isWriting {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data((text + "\n").utf8).write(to: url)
        }
        return String(decoding: try Data(contentsOf: url).dropLast(), as: UTF8.self)
    }

    @Test("Requests of it are still read", arguments: Samples.requests.indices) func requests(index: Int) throws {
        let sample = Samples.requests[index]
        let text = try Self.fixture("client-to-server/\(sample.name).json", orWrite: sample.text)
        #expect(read(text) == .success(sample.request))
    }

    @Test("Its messages are still written, to the byte", arguments: Samples.events.indices)
    func events(index: Int) throws {
        let sample = Samples.events[index]
        for file in Self.files(of: sample) {
            #expect(try Self.fixture(file, orWrite: sample.event.message) == sample.event.message)
        }
    }

    @Test("Every file is a sample, and every sample a file") func completeness() throws {
        let requests = Samples.requests.map { "client-to-server/\($0.name).json" }
        let events = Samples.events.flatMap(Self.files(of:))
        let found = try FileManager.default.subpathsOfDirectory(atPath: Self.folder.path())
        #expect(Set(found.filter { $0.hasSuffix(".json") }) == Set(requests + events))
    }
}
