import Observability
import Testing

@Suite struct PrometheusTextTests {
    @Test("A metric has its HELP, its TYPE and its samples, labels escaped")
    func labels() {
        var writer = PrometheusText()
        writer.describe("calls_total", .counter, "Calls\\with \"what\"\nhappened.")
        writer.sample("calls_total", [("direction", "app_to_app"), ("outcome", "a\"b\\c\nd")], 3)
        writer.sample("calls_total", [], 0.25)
        #expect(
            writer.text == """
                # HELP calls_total Calls\\\\with "what"\\nhappened.
                # TYPE calls_total counter
                calls_total{direction="app_to_app",outcome="a\\"b\\\\c\\nd"} 3
                calls_total 0.25

                """
        )
    }

    @Test("Each bucket of a histogram holds what is below it too")
    func histogram() {
        var writer = PrometheusText()
        writer.histogram(
            "setup_seconds",
            "Setup.",
            Histogram(bounds: [0.01, 0.5, 1], counts: [1, 0, 2, 4], sum: 12.5)
        )
        #expect(
            writer.text == """
                # HELP setup_seconds Setup.
                # TYPE setup_seconds histogram
                setup_seconds_bucket{le="0.01"} 1
                setup_seconds_bucket{le="0.5"} 1
                setup_seconds_bucket{le="1"} 3
                setup_seconds_bucket{le="+Inf"} 7
                setup_seconds_sum 12.5
                setup_seconds_count 7

                """
        )
    }

    @Test("Infinities and what is no number are written as Prometheus reads them")
    func numbers() {
        var writer = PrometheusText()
        for value in [Double.infinity, -.infinity, .nan, 1e300, -2] { writer.sample("x", [], value) }
        #expect(writer.text == "x +Inf\nx -Inf\nx NaN\nx 1e+300\nx -2\n")
    }

    @Test("The gateway's metrics have their fixed names, and an idle gateway's gauges are 0")
    func names() {
        var statistics = GatewayStatistics(version: "1.2.3")
        statistics.callsEnded = [
            .init(direction: "app_to_phone", outcome: "busy", count: 2),
            .init(direction: "app_to_app", outcome: "answered", count: 1),
        ]
        statistics.callSetup = Histogram(bounds: [1], counts: [1, 0], sum: 0.5)
        statistics.relay.packetsDropped = ["held": 3]
        statistics.trunks = [.init(name: "pbx", calls: 2, servers: ["sip:b": false, "sip:a": true])]
        let lines = statistics.prometheusText.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
        #expect(
            lines == [
                "switchhook_calls_active 0",
                "switchhook_calls_total{direction=\"app_to_app\",outcome=\"answered\"} 1",
                "switchhook_calls_total{direction=\"app_to_phone\",outcome=\"busy\"} 2",
                "switchhook_call_setup_seconds_bucket{le=\"1\"} 1",
                "switchhook_call_setup_seconds_bucket{le=\"+Inf\"} 1",
                "switchhook_call_setup_seconds_sum 0.5",
                "switchhook_call_setup_seconds_count 1",
                "switchhook_client_connections 0",
                "switchhook_client_refused_total{cause=\"token\"} 0",
                "switchhook_client_refused_total{cause=\"request\"} 0",
                "switchhook_client_refused_total{cause=\"slow_socket\"} 0",
                "switchhook_client_refused_total{cause=\"silent_socket\"} 0",
                "switchhook_sip_transactions 0",
                "switchhook_sip_dialogs 0",
                "switchhook_registrations 0",
                "switchhook_sip_passwords_total{event=\"wrong\"} 0",
                "switchhook_sip_passwords_total{event=\"turned_away\"} 0",
                "switchhook_sip_connections 0",
                "switchhook_sip_messages_total{event=\"received\"} 0",
                "switchhook_sip_messages_total{event=\"sent\"} 0",
                "switchhook_sip_messages_total{event=\"malformed\"} 0",
                "switchhook_sip_messages_total{event=\"failed\"} 0",
                "switchhook_trunk_calls{trunk=\"pbx\"} 2",
                "switchhook_trunk_up{trunk=\"pbx\",uri=\"sip:a\"} 1",
                "switchhook_trunk_up{trunk=\"pbx\",uri=\"sip:b\"} 0",
                "switchhook_relay_ports_in_use 0",
                "switchhook_relay_legs 0",
                "switchhook_relay_packets_total{event=\"received\"} 0",
                "switchhook_relay_packets_total{event=\"sent\"} 0",
                "switchhook_relay_frames_transcoded_total 0",
                "switchhook_relay_packets_dropped_total{cause=\"held\"} 3",
                "switchhook_event_loop_lag_seconds 0",
                "switchhook_draining 0",
                "switchhook_build_info{version=\"1.2.3\"} 1",
            ]
        )
    }

    @Test("Every sample follows the HELP and TYPE of its metric")
    func described() {
        var described = ""
        for line in GatewayStatistics(version: "1").prometheusText.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# TYPE ") {
                described = String(words[2])
            } else if !line.hasPrefix("#") {
                #expect(line.hasPrefix(described) && !described.isEmpty, "\(line)")
            }
        }
    }
}
