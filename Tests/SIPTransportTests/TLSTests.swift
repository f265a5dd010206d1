import SIPCore
import SIPTransport
import TestSupport
import Testing

@Suite("TLS (RFC 3261 §26, RFC 5922)", .timeLimit(.minutes(1)))
struct TLSTests {
    /// Whoever is called is on this machine.
    private static let here = ScriptedNames.source([
        DNSQuestion(.ipv4, "sip.example.org"): [.address("127.0.0.1")],
        DNSQuestion(.ipv4, "pbx.example.org"): [.address("127.0.0.1")],
    ])

    /// A station that calls, one that is called, both with these settings.
    private func withPair(
        caller: TLSSettings,
        called: TLSSettings,
        threads: Int = 1,
        _ body: (_ caller: Station, _ called: Station) async throws -> Void
    ) async throws {
        try await withStation(.tls, threads: threads, names: Self.here, tuning: .set(\.tls, caller)) { caller in
            try await withStation(.tls, threads: threads, tuning: .set(\.tls, called)) { called in
                try await body(caller, called)
            }
        }
    }

    private func target(_ host: String, of station: Station) -> SIPTarget {
        SIPTarget(transport: .tls, host: host, port: station.listeners[0].address.port)
    }

    @Test(
        "Messages go over one connection both ways, to a name and to an address",
        arguments: [
            ("DNS:sip.example.org", "sip.example.org"), ("DNS:*.example.org", "SIP.example.org"),
            ("IP:127.0.0.1", "127.0.0.1"),
        ],
        [1, 2]
    )
    func bothWays(names: (subject: String, host: String), threads: Int) async throws {
        let authority = try Authority()
        let settings = try authority.settings(for: names.subject)
        try await self.withPair(caller: settings, called: settings, threads: threads) { caller, called in
            let target = self.target(names.host, of: called)
            caller.send(Sample.request("1", via: .tls), to: .target(target, preferring: nil))
            let (request, flow) = try await called.message()
            #expect(request == Sample.request("1", via: .tls))
            #expect(flow.transport == .tls)
            called.send(Sample.response("1", via: .tls), to: .flow(flow, fallback: target))
            #expect(try await caller.message().0 == Sample.response("1", via: .tls))
            caller.send(Sample.request("2", via: .tls), to: .target(target, preferring: nil))
            #expect(try await called.message().0 == Sample.request("2", via: .tls))
            #expect(caller.transport.counts.connections == 1)
        }
    }

    @Test(
        "Nothing is sent to a peer whose certificate is for another name, or for the address that the name led to",
        arguments: ["DNS:sip.example.org", "IP:127.0.0.1", "DNS:*.org,IP:127.0.0.1", "DNS:*.pbx.example.org"]
    )
    func wrongName(subject: String) async throws {
        let authority = try Authority()
        let settings = try authority.settings(for: subject)
        try await self.withPair(caller: settings, called: settings) { caller, called in
            let target = self.target("pbx.example.org", of: called)
            caller.send(Sample.request("1", via: .tls), to: .target(target, preferring: nil), as: "t")
            let news = try await caller.inbox.next()
            #expect(news == Station.failed("t", .refused))
            #expect(called.transport.counts.received == 0)
        }
    }

    @Test("Nothing is sent to a peer whose certificate nobody vouches for")
    func unknownAuthority() async throws {
        let ours = try Authority()
        let theirs = try Authority()
        let caller = try ours.settings(for: "DNS:sip.example.org")
        let called = try theirs.settings(for: "DNS:sip.example.org")
        try await self.withPair(caller: caller, called: called) { caller, called in
            let target = self.target("sip.example.org", of: called)
            caller.send(Sample.request("1", via: .tls), to: .target(target, preferring: nil), as: "t")
            let news = try await caller.inbox.next()
            #expect(news == Station.failed("t", .refused))
            #expect(called.transport.counts.received == 0)
        }
    }

    @Test(
        "With mutual TLS, who connects has to have a certificate that our authority signed",
        arguments: [true, false]
    )
    func mutual(isKnown: Bool) async throws {
        let ours = try Authority()
        let theirs = try Authority()
        let called = try ours.settings(for: "DNS:sip.example.org", asksClients: true)
        let caller =
            isKnown
            ? try ours.settings(for: "DNS:phone.example.org", file: "phone")
            : try theirs.settings(for: "DNS:phone.example.org", trusting: ours.path)
        try await self.withPair(caller: caller, called: called) { caller, called in
            let target = self.target("sip.example.org", of: called)
            caller.send(Sample.request("1", via: .tls), to: .target(target, preferring: nil), as: "t")
            if isKnown {
                #expect(try await called.message().0 == Sample.request("1", via: .tls))
            } else {
                // With TLS 1.3 the client is done before it is refused, and hears of it as of a connection that breaks.
                var news = try await caller.inbox.next()
                if news == Station.failed("t", .refused) { news = try await caller.inbox.next() }
                guard case .closed(let flow) = news else { throw Unexpected(what: "\(news)") }
                #expect(flow.transport == .tls)
                #expect(called.transport.counts.received == 0)
            }
        }
    }

    @Test(
        "A peer that does not speak, or speaks something else, is let go",
        arguments: ["", "OPTIONS sip:a@b SIP/2.0\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"]
    )
    func noHandshake(text: String) async throws {
        let authority = try Authority()
        let settings = try authority.settings(for: "IP:127.0.0.1")
        let tuning = Tuning {
            $0.tls = settings
            $0.handshakeTimeout = .milliseconds(100)
        }
        try await withStation(.tls, tuning: tuning) { station in
            let peer = try await RawStream.connect(to: station.listeners[0])
            if !text.isEmpty { try await peer.send(text) }
            // Whatever TLS says of it, the end comes.
            while try await peer.inbox.next() != nil {}
            while station.transport.counts.connections > 0 { await Task.yield() }
            #expect(station.transport.counts.received == 0)
        }
    }

    @Test("New certificates serve the connections that come after them, and those that are open go on")
    func reload() async throws {
        let first = try Authority()
        let second = try Authority()
        let before = try first.settings(for: "DNS:sip.example.org")
        let after = try second.settings(for: "DNS:sip.example.org")
        try await self.withPair(caller: before, called: before) { caller, called in
            let target = self.target("sip.example.org", of: called)
            caller.send(Sample.request("1", via: .tls), to: .target(target, preferring: nil))
            _ = try await called.message()
            try called.transport.reload(after)
            caller.send(Sample.request("2", via: .tls), to: .target(target, preferring: nil))
            #expect(try await called.message().0 == Sample.request("2", via: .tls))
            try await withStation(.tls, names: Self.here, tuning: .set(\.tls, after)) { other in
                other.send(Sample.request("3", via: .tls), to: .target(target, preferring: nil))
                let (third, _) = try await called.message()
                #expect(third == Sample.request("3", via: .tls))
            }
            #expect(throws: SIPTransportError.self) {
                try called.transport.reload(TLSSettings(certificatePath: "/nowhere", keyPath: "/nowhere"))
            }
        }
    }

    @Test("A phone that came to us is reached by its connection, and never by its mere address")
    func acceptedConnection() async throws {
        let authority = try Authority()
        let settings = try authority.settings(for: "IP:127.0.0.1")
        try await self.withPair(caller: settings, called: settings) { phone, gateway in
            phone.send(
                Sample.request("1", via: .tls),
                to: .target(self.target("127.0.0.1", of: gateway), preferring: nil)
            )
            let (_, flow) = try await gateway.message()
            let address = SIPTarget(transport: .tls, host: flow.remote.host, port: flow.remote.port)
            gateway.send(Sample.request("2", via: .tls), to: .target(address, preferring: flow))
            #expect(try await phone.message().0 == Sample.request("2", via: .tls))
            gateway.send(Sample.request("3", via: .tls), to: .target(address, preferring: nil), as: "t")
            #expect(try await gateway.inbox.next() == Station.failed("t", .refused))
        }
    }

    @Test("A peer that has proved its name is known by it at its address, where its Contact leads; another is not")
    func knownAddress() async throws {
        let authority = try Authority()
        let settings = try authority.settings(for: "DNS:sip.example.org")
        let caller = Tuning {
            $0.tls = settings
            $0.idleTimeout = .milliseconds(50)
        }
        try await withStation(.tls, names: Self.here, tuning: caller) { caller in
            try await withStation(.tls, tuning: .set(\.tls, settings)) { called in
                let address = self.target("127.0.0.1", of: called)
                caller.send(Sample.request("1", via: .tls), to: .target(address, preferring: nil), as: "t")
                #expect(try await caller.inbox.next() == Station.failed("t", .refused))
                let name = self.target("sip.example.org", of: called)
                caller.send(Sample.request("2", via: .tls), to: .target(name, preferring: nil))
                // It may have seen the end of the handshake, and the end of the connection.
                #expect(try await called.messageAfterEnds() == Sample.request("2", via: .tls))
                // Idle, it is closed.
                guard case .closed = try await caller.inbox.next() else { throw Unexpected(what: "no end") }
                caller.send(Sample.request("3", via: .tls), to: .target(address, preferring: nil), as: "t")
                #expect(try await called.messageAfterEnds() == Sample.request("3", via: .tls))
            }
        }
    }

    @Test("A file that is of no use is named, and the former ones stay")
    func faults() throws {
        let authority = try Authority()
        let good = try authority.settings(for: "IP:127.0.0.1", file: "good")
        let other = try authority.settings(for: "IP:127.0.0.1", file: "other")
        let expired = try authority.settings(for: "IP:127.0.0.1", file: "expired", days: -1)
        func fault(_ change: (inout TLSSettings) -> Void) -> TLSSettings.Fault? {
            var settings = good
            change(&settings)
            do throws(TLSSettings.Fault) {
                try settings.check()
                return nil
            } catch {
                return error
            }
        }
        #expect(fault { _ in } == nil)
        #expect(
            fault { $0.certificatePath = good.keyPath }
                == .init(file: .certificate, reason: "no certificate in \(good.keyPath)")
        )
        #expect(
            fault { $0.keyPath = "/nowhere" }
                == .init(file: .key, reason: "no private key without a passphrase in /nowhere")
        )
        #expect(
            fault { $0.keyPath = other.keyPath }
                == .init(
                    file: .key,
                    reason: "\(other.keyPath) is not the key of the certificate in \(good.certificatePath)"
                )
        )
        #expect(
            fault { $0.authoritiesPath = good.keyPath }
                == .init(file: .authorities, reason: "no certificate in \(good.keyPath)")
        )
        let old = fault {
            $0.certificatePath = expired.certificatePath
            $0.keyPath = expired.keyPath
        }
        #expect(old?.file == .certificate)
        #expect(old?.reason.hasPrefix("\(expired.certificatePath) expired on ") == true)
    }

    @Test("A TLS listener without a certificate is refused at start")
    func noCertificate() async throws {
        await #expect(throws: SIPTransportError.self) { try await withStation(.tls) { _ in } }
    }
}

extension Station {
    /// The next message, whatever connections end before it.
    fileprivate func messageAfterEnds() async throws -> SIPMessage {
        while true {
            switch try await self.inbox.next() {
            case .message(let message, _): return message
            case .closed: continue
            case let other: throw Unexpected(what: "\(other)")
            }
        }
    }
}
