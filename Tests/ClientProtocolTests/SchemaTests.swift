import ClientProtocol
import Foundation
import Testing

@Suite("The published schemas") struct SchemaTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/ClientProtocol/Resources/schema")

    private static func schema(_ name: String) throws -> SchemaValidator {
        try SchemaValidator(Data(contentsOf: Self.folder.appending(path: name + ".json")))
    }

    private static func server(_ profile: ClientProfile) throws -> SchemaValidator {
        try Self.schema(profile == .baseline ? "server-to-client.baseline" : "server-to-client.extended")
    }

    @Test("They name every message, and no other") func messages() throws {
        let events = Set(Samples.oneOfEach.map(\.name))
        #expect(try Self.server(.extended).messages == events)
        #expect(try Self.server(.baseline).messages == events.subtracting(Samples.extendedOnly))
        #expect(try Self.schema("client-to-server").messages == Set(Samples.requests.map(\.request.action.name)))
    }

    @Test("Every event that is written is valid, in each profile that has it", arguments: Samples.events.indices)
    func eventsAreValid(index: Int) throws {
        let sample = Samples.events[index]
        #expect(try Self.server(.extended).accepts(sample.event.message))
        if sample.profile == .baseline { #expect(try Self.server(.baseline).accepts(sample.event.message)) }
    }

    @Test(
        "Every field that is written is described, and every required one is written",
        arguments: Samples.events.indices
    )
    func fieldsAreDescribed(index: Int) throws {
        let sample = Samples.events[index]
        let definition = try #require(try Self.server(.extended).definitions[sample.event.name])
        let described = Set(try #require(definition["properties"] as? [String: Any]).keys)
        let required = Set(try #require(definition["required"] as? [String]))
        let message = Data(sample.event.message.utf8)
        let written = Set(try #require(try JSONSerialization.jsonObject(with: message) as? [String: Any]).keys)
        #expect(written.isSubset(of: described))
        #expect(required.isSubset(of: written))
    }

    @Test("Every optional field is written by some event, and missing from another") func optionalFields() throws {
        for (name, definition) in try Self.server(.extended).definitions where definition["required"] != nil {
            let described = Set(try #require(definition["properties"] as? [String: Any]).keys)
            let required = Set(try #require(definition["required"] as? [String]))
            let written = try Samples.events.flatMap { sample in
                let message = try JSONSerialization.jsonObject(with: Data(sample.event.message.utf8))
                let object = try #require(message as? [String: Any])
                // What is no message is a part of one.
                let parts = name == "leg_quality" ? [object["own"], object["other"]] : [object]
                let isMeant = name == "leg_quality" || sample.event.name == name
                return isMeant ? parts.compactMap { $0 as? [String: Any] }.map { Set($0.keys) } : []
            }
            #expect(written.reduce(into: Set()) { $0.formUnion($1) } == described, "\(name)")
            #expect(written.reduce(described) { $0.intersection($1) } == required, "\(name)")
        }
    }

    @Test("A message without a required field is invalid") func requiredFields() throws {
        let schema = try Self.server(.extended)
        for event in Samples.oneOfEach {
            let message = try JSONSerialization.jsonObject(with: Data(event.message.utf8))
            let object = try #require(message as? [String: Any])
            for field in try #require(schema.definitions[event.name]?["required"] as? [String]) {
                let rest = try JSONSerialization.data(withJSONObject: object.filter { $0.key != field })
                #expect(try !schema.accepts(String(decoding: rest, as: UTF8.self)), "\(event.name) without \(field)")
            }
        }
    }

    @Test("Reasons and error codes are the closed lists", arguments: [ClientProfile.baseline, .extended])
    func closedLists(profile: ClientProfile) throws {
        let definitions = try Self.server(profile).definitions
        #expect(definitions["reason"]?["enum"] as? [String] == ClientReason.allCases.map(\.rawValue))
        #expect(definitions["error_code"]?["enum"] as? [String] == ClientError.Code.allCases.map(\.rawValue))
    }

    @Test("What the reader takes is valid", arguments: Samples.requests.indices)
    func requestsAreValid(index: Int) throws {
        #expect(try Self.schema("client-to-server").accepts(Samples.requests[index].text))
    }

    @Test(
        "What the schema refuses, the reader refuses",
        arguments: [
            "{}", "[]", #"{"action":"fly"}"#, #"{"action":"start_call"}"#, #"{"action":"start_call","callee_id":""}"#,
            #"{"action":"start_call","callee_id":1.5}"#, #"{"action":"start_call","callee_id":null}"#,
            #"{"action":"start_call","callee_id":"a\u0001"}"#, #"{"action":"start_call","callee_id":7,"offer":"v=0"}"#,
            #"{"action":"start_call","callee_id":7,"request_id":[]}"#, #"{"action":"answer_call"}"#,
            #"{"action":"answer_call","call_id":null,"caller_id":null}"#, #"{"action":"hang_up","call_id":true}"#,
            #"{"action":"offer","callee_id":7,"offer":null}"#, #"{"action":"answer","caller_id":7}"#,
            #"{"action":"reject_call","caller_id":7,"reason":5}"#, #"{"action":"ice_candidate","peer_id":7}"#,
            #"{"action":"ice_candidate","peer_id":7,"candidate":"x"}"#, #"{"action":"cancel_call","peer_id":7}"#,
        ]
    )
    func refusals(text: String) throws {
        #expect(try !Self.schema("client-to-server").accepts(text))
        #expect(fault(text) != nil)
    }
}
