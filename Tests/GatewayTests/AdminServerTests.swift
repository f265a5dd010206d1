import Gateway
import Logging
import Observability
import Synchronization
import Testing

@Suite struct AdminServerTests {
    /// A gateway that is whatever the test says.
    final class Source: AdminSource {
        struct Broken: Error {}

        private let ready: Atomic<Bool>
        private let isBroken: Bool
        private let reports: [CallReport]

        init(isReady: Bool = true, isBroken: Bool = false, calls: [CallReport] = []) {
            self.ready = Atomic(isReady)
            self.isBroken = isBroken
            self.reports = calls
        }

        var isReady: Bool { self.ready.load(ordering: .relaxed) }

        func drain() { self.ready.store(false, ordering: .relaxed) }

        func statistics() async throws -> GatewayStatistics {
            if self.isBroken { throw Broken() }
            var statistics = GatewayStatistics(version: "1.2.3")
            statistics.callsActive = self.reports.count
            return statistics
        }

        let directoryReadings = Atomic<Int>(0)

        func readDirectory() async throws {
            if self.isBroken { throw Broken() }
            self.directoryReadings.add(1, ordering: .relaxed)
        }

        func calls() async throws -> [CallReport] {
            if self.isBroken { throw Broken() }
            return self.reports
        }

        func trunks() async throws -> [TrunkReport] {
            if self.isBroken { throw Broken() }
            let servers = [
                TrunkReport.Server(uri: "sip:pbx-1", state: .down), TrunkReport.Server(uri: "sip:pbx-2", state: .up),
            ]
            return [TrunkReport(name: "pbx", calls: 2, limit: 30, servers: servers)]
        }
    }

    private static let call = CallReport(
        callID: "c1",
        direction: "app_to_phone",
        state: .answered,
        callerID: "7",
        calleeID: "6\u{7}00",
        ageSeconds: 12.75
    )

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` against a server on a free port.
    private func serve(
        _ source: Source,
        token: String? = nil,
        _ body: (GatewayConfiguration.Admin) async throws -> Void
    ) async throws {
        var admin = try ConfigurationText.parse(ConfigurationText.least).admin
        admin.listen.port = 0
        admin.token = token.map(Secret.init)
        let server = AdminServer(configuration: admin, source: source, logger: Self.quiet)
        admin.listen = try await server.start()
        do {
            try await body(admin)
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
    }

    @Test("Health stays 200 while readiness follows the gateway") func health() async throws {
        let source = Source()
        try await self.serve(source) { admin async throws in
            let text = "text/plain; charset=utf-8"
            let ready = try await HTTP.request("/readyz", at: admin.listen)
            #expect(ready == .init(status: 200, contentType: text, body: "ready\n"))
            source.drain()
            let draining = try await HTTP.request("/readyz", at: admin.listen)
            #expect(draining == .init(status: 503, contentType: text, body: "draining\n"))
            let healthy = try await HTTP.request("/healthz", at: admin.listen)
            #expect(healthy == .init(status: 200, contentType: text, body: "ok\n"))
        }
    }

    @Test("Metrics come in the Prometheus text format") func metrics() async throws {
        try await self.serve(Source(calls: [Self.call])) { admin async throws in
            let response = try await HTTP.request("/metrics", at: admin.listen)
            #expect(response.status == 200)
            #expect(response.contentType == "text/plain; version=0.0.4; charset=utf-8")
            #expect(response.body.hasPrefix("# HELP switchhook_calls_active "))
            #expect(response.body.contains("\nswitchhook_calls_active 1\n"))
        }
    }

    @Test("Phones and users are read again by POST, with the token alone where there is one") func directory()
        async throws
    {
        let source = Source()
        try await self.serve(source, token: "t") { admin async throws in
            try await AdminClient(admin).readDirectory()
            #expect(source.directoryReadings.load(ordering: .relaxed) == 1)
            let looked = try await HTTP.request("/api/v1/directory", at: admin.listen)
            #expect(looked.status == 405)
            var stranger = admin
            stranger.token = nil
            await #expect(throws: GatewayError.self) { try await AdminClient(stranger).readDirectory() }
            #expect(source.directoryReadings.load(ordering: .relaxed) == 1)
        }
    }

    @Test("The live calls come as JSON, whatever the query") func calls() async throws {
        try await self.serve(Source(calls: [Self.call])) { admin async throws in
            let body = #"""
                {"calls":[{"age_seconds":12.75,"call_id":"c1","callee_id":"6\u000700","caller_id":"7","direction":"app_to_phone","state":"answered"}]}

                """#
            let response = try await HTTP.request("/api/v1/calls?x=1", at: admin.listen)
            #expect(response == .init(status: 200, contentType: "application/json", body: body))
        }
    }

    @Test("Trunks come as JSON, each with its servers") func trunks() async throws {
        try await self.serve(Source()) { admin async throws in
            let body = #"""
                {"trunks":[{"calls":2,"limit":30,"name":"pbx","servers":[{"state":"down","uri":"sip:pbx-1"},{"state":"up","uri":"sip:pbx-2"}]}]}

                """#
            let response = try await HTTP.request("/api/v1/trunks", at: admin.listen)
            #expect(response == .init(status: 200, contentType: "application/json", body: body))
        }
    }

    @Test("The client of the interface reads what its server writes") func client() async throws {
        try await self.serve(Source(calls: [Self.call]), token: "open sesame") { admin async throws in
            #expect(try await AdminClient(admin).calls() == [Self.call])
            #expect(Self.call.line == "c1  answered  app_to_phone  7 -> 600  12s")
        }
    }

    @Test("The client says what is wrong in one line") func clientFailures() async throws {
        try await self.serve(Source(), token: "open sesame") { admin async throws in
            var other = admin
            other.token = Secret("another")
            await #expect(
                throws: GatewayError(.refused, "the gateway at \(admin.listen) answers 401 to /api/v1/calls")
            ) { try await AdminClient(other).calls() }
        }
        // Nothing can listen on port 1 without being asked to here.
        var nobody = try ConfigurationText.parse(ConfigurationText.least).admin
        nobody.listen.port = 1
        await #expect(
            throws: GatewayError(
                .unreachable,
                "no gateway answers at admin.listen, 127.0.0.1:1: Connection refused"
            )
        ) { try await AdminClient(nobody).calls() }
    }

    @Test(
        "Unknown paths are 404, other methods 405",
        arguments: [
            ("GET", "/", 404), ("GET", "/metrics/", 404), ("GET", "/api/v1/calls/x", 404), ("POST", "/nowhere", 404),
            ("POST", "/metrics", 405), ("DELETE", "/api/v1/calls", 405), ("PUT", "/healthz", 405),
        ]
    )
    func refusals(_ method: String, _ path: String, _ status: Int) async throws {
        try await self.serve(Source()) { admin async throws in
            #expect(try await HTTP.request(path, at: admin.listen, method: method).status == status)
        }
    }

    @Test(
        "Metrics and calls ask for the token where there is one, health does not",
        arguments: [
            ("/metrics", nil, 401), ("/metrics", "Bearer wrong sesame", 401), ("/metrics", "Basic open sesame", 401),
            ("/metrics", "Bearer open sesame", 200), ("/api/v1/calls", nil, 401),
            ("/api/v1/calls", "bearer open sesame", 200), ("/healthz", nil, 200), ("/readyz", nil, 200),
        ] as [(String, String?, Int)]
    )
    func token(_ path: String, _ authorization: String?, _ status: Int) async throws {
        try await self.serve(Source(), token: "open sesame") { admin async throws in
            #expect(try await HTTP.request(path, at: admin.listen, authorization: authorization).status == status)
        }
    }

    @Test("What can't be gathered is 503, and health is still 200") func broken() async throws {
        try await self.serve(Source(isBroken: true)) { admin async throws in
            #expect(try await HTTP.request("/metrics", at: admin.listen).status == 503)
            #expect(try await HTTP.request("/api/v1/calls", at: admin.listen).status == 503)
            #expect(try await HTTP.request("/healthz", at: admin.listen).status == 200)
        }
    }

    @Test("An address that is taken is one clear line") func taken() async throws {
        try await self.serve(Source()) { admin async throws in
            let second = AdminServer(configuration: admin, source: Source(), logger: Self.quiet)
            await #expect(
                throws: GatewayError(
                    .bindFailed,
                    "admin.listen: cannot listen on \(admin.listen): Address already in use"
                )
            ) { _ = try await second.start() }
        }
    }
}
