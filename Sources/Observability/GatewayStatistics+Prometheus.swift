extension GatewayStatistics {
    /// All metrics, under their fixed names.
    package var prometheusText: String {
        var writer = PrometheusText()
        self.writeCalls(to: &writer)
        self.writeClients(to: &writer)
        self.writeSIP(to: &writer)
        self.writeTrunks(to: &writer)
        self.writeRelay(to: &writer)
        writer.single(
            "switchhook_event_loop_lag_seconds",
            .gauge,
            "The longest that work on the signalling loop waited within the last seconds.",
            self.eventLoopLag
        )
        writer.single(
            "switchhook_draining",
            .gauge,
            "1 while new calls are refused because the gateway is about to stop.",
            self.isDraining ? 1 : 0
        )
        writer.describe("switchhook_build_info", .gauge, "Always 1; the label says which release runs.")
        writer.sample("switchhook_build_info", [("version", self.version)], 1)
        return writer.text
    }

    private func writeCalls(to writer: inout PrometheusText) {
        writer.single("switchhook_calls_active", .gauge, "Calls that ring or run.", Double(self.callsActive))
        writer.describe(
            "switchhook_calls_total",
            .counter,
            "Calls that have ended, by their parties and by how they ended."
        )
        for calls in self.callsEnded.sorted(by: { ($0.direction, $0.outcome) < ($1.direction, $1.outcome) }) {
            writer.sample(
                "switchhook_calls_total",
                [("direction", calls.direction), ("outcome", calls.outcome)],
                Double(calls.count)
            )
        }
        writer.histogram(
            "switchhook_call_setup_seconds",
            "From a call's start to its answer, of answered calls.",
            self.callSetup
        )
    }

    private func writeClients(to writer: inout PrometheusText) {
        writer.single(
            "switchhook_client_connections",
            .gauge,
            "Open WebSockets of apps.",
            Double(self.clientConnections)
        )
        writer.describe(
            "switchhook_client_refused_total",
            .counter,
            "What the apps' side has refused or dropped, by cause."
        )
        for (cause, count) in [
            ("token", self.clientFaults.tokensRefused), ("request", self.clientFaults.requestsRefused),
            ("slow_socket", self.clientFaults.slowSocketsDropped),
            ("silent_socket", self.clientFaults.silentSocketsDropped),
        ] {
            writer.sample("switchhook_client_refused_total", [("cause", cause)], Double(count))
        }
    }

    private func writeRelay(to writer: inout PrometheusText) {
        writer.single(
            "switchhook_relay_ports_in_use",
            .gauge,
            "Ports of the media relay that carry a call.",
            Double(self.relay.portsInUse)
        )
        writer.single(
            "switchhook_relay_legs",
            .gauge,
            "Legs of calls whose media the relay carries.",
            Double(self.relay.legs)
        )
        writer.describe("switchhook_relay_packets_total", .counter, "Datagrams of the media relay, by direction.")
        writer.sample("switchhook_relay_packets_total", [("event", "received")], Double(self.relay.packetsReceived))
        writer.sample("switchhook_relay_packets_total", [("event", "sent")], Double(self.relay.packetsSent))
        writer.single(
            "switchhook_relay_frames_transcoded_total",
            .counter,
            "Frames of sound that the media relay sent in another codec than they came in.",
            Double(self.relay.framesTranscoded)
        )
        writer.describe(
            "switchhook_relay_packets_dropped_total",
            .counter,
            "Datagrams that the media relay did not pass on, by cause."
        )
        for (cause, count) in self.relay.packetsDropped.sorted(by: { $0.key < $1.key }) {
            writer.sample("switchhook_relay_packets_dropped_total", [("cause", cause)], Double(count))
        }
    }

    private func writeTrunks(to writer: inout PrometheusText) {
        writer.describe("switchhook_trunk_calls", .gauge, "Calls that ring or run at a trunk.")
        for trunk in self.trunks {
            writer.sample("switchhook_trunk_calls", [("trunk", trunk.name)], Double(trunk.calls))
        }
        writer.describe("switchhook_trunk_up", .gauge, "1 while a server of a trunk answers its probes.")
        for trunk in self.trunks {
            for (uri, isUp) in trunk.servers.sorted(by: { $0.key < $1.key }) {
                writer.sample("switchhook_trunk_up", [("trunk", trunk.name), ("uri", uri)], isUp ? 1 : 0)
            }
        }
    }

    private func writeSIP(to writer: inout PrometheusText) {
        writer.single(
            "switchhook_sip_transactions",
            .gauge,
            "Live SIP transactions.",
            Double(self.sipTransactions)
        )
        writer.single("switchhook_sip_dialogs", .gauge, "Live SIP dialogs.", Double(self.sipDialogs))
        writer.single("switchhook_registrations", .gauge, "Phones that are registered.", Double(self.registrations))
        writer.describe(
            "switchhook_sip_passwords_total",
            .counter,
            "Requests with credentials that were wrong, or that were not looked at for there had been too many wrong ones."
        )
        for (event, count) in [("wrong", self.passwords.wrong), ("turned_away", self.passwords.turnedAway)] {
            writer.sample("switchhook_sip_passwords_total", [("event", event)], Double(count))
        }
        writer.single(
            "switchhook_sip_connections",
            .gauge,
            "Open TCP connections to phones and trunks.",
            Double(self.sipTraffic.connections)
        )
        writer.describe("switchhook_sip_messages_total", .counter, "SIP messages, by what became of them.")
        for (event, count) in [
            ("received", self.sipTraffic.received), ("sent", self.sipTraffic.sent),
            ("malformed", self.sipTraffic.malformed), ("failed", self.sipTraffic.failed),
        ] {
            writer.sample("switchhook_sip_messages_total", [("event", event)], Double(count))
        }
    }
}
