internal import DemoPhone
internal import NIOCore
internal import SIPCore

/// The configuration of `switchhook demo`: the text of a file that nobody has to write, read as any other is, so that every
/// default and every check is that of `serve`.
enum DemoConfiguration {
    /// The variable that the text takes its secret from.
    private static let secretName = "SWITCHHOOK_DEMO_SECRET"

    /// Makes it.
    ///
    /// - Parameters:
    ///   - options: The command line's.
    ///   - phone: Where the phone with the test numbers takes SIP.
    ///   - secret: What tokens are signed with.
    ///   - relayAddresses: Where the relay awaits media; see `relayAddresses()`.
    /// - Returns: The configuration, checked.
    /// - Throws: The faults of the text, which only the options can make: two listeners on one port.
    static func make(
        _ options: DemoOptions,
        phone: SIPAddress,
        secret: String,
        relayAddresses: [String]
    ) throws(ConfigurationFaults) -> GatewayConfiguration {
        let text = self.text(options, phone: phone, relayAddresses: relayAddresses)
        return try GatewayConfiguration.parse(text, file: "demo", environment: [self.secretName: secret]).configuration
    }

    /// A secret as good as the tokens need (RFC 7518 §3.2), of this run alone.
    static func makeSecret() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(UInt64.random(in: .min ... .max, using: &random), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// The loopback address, and those of the machine's interfaces: some browsers never pair a loopback candidate with
    /// one of the machine's own.
    static func relayAddresses() -> [String] {
        let most = 8
        var addresses = ["127.0.0.1"]
        for device in (try? System.enumerateDevices()) ?? [] {
            guard let address = device.address, case .v4 = address, let host = address.ipAddress,
                !host.hasPrefix("127."), !host.hasPrefix("169.254."), !addresses.contains(host), addresses.count < most
            else { continue }
            addresses.append(host)
        }
        return addresses
    }

    private static func text(_ options: DemoOptions, phone: SIPAddress, relayAddresses: [String]) -> String {
        """
        client: { listen: "127.0.0.1:\(options.clientPort)" }
        tokens: { algorithm: HS256, secret: "${\(self.secretName)}" }
        admin: { listen: "127.0.0.1:\(options.adminPort)" }
        sip: { listen: ["udp:127.0.0.1:\(options.sipPort)", "tcp:127.0.0.1:\(options.sipPort)"] }
        \(self.media(options.media, relayAddresses))
        users:
        \(DemoUser.allCases.map { "  - { id: \($0.rawValue), username: \($0.title), aliases: [\($0.name)] }" }
            .joined(separator: "\n"))
        trunks:
          - name: demo
            uri: "sip:\(phone.host):\(phone.port);transport=udp"
            accept_from: ["127.0.0.1/32"]
        dialplan:
          - { match: "^60[0-3]$", trunk: demo }
        log: { level: warning }
        # Whoever plays with it is to leave when they like, and dial as often.
        timers: { drain: 2s }
        limits: { call_rate_per_user: "60/min" }
        """
    }

    private static func media(_ media: DemoOptions.Media, _ relayAddresses: [String]) -> String {
        switch media {
        case .passthrough:
            return "media: { mode: passthrough }"
        case .relay:
            let addresses = relayAddresses.map { "\"\($0)\"" }.joined(separator: ", ")
            return "media: { mode: relay, relay: { address: [\(addresses)], webrtc_port: 0 } }"
        }
    }
}
