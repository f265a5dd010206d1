import SIPCore
import Testing

@Suite("What a request says of who calls")
struct IdentityFieldTests {
    private func headers(_ fields: [(String, String)]) -> SIPHeaders {
        let address = NameAddress(uri: SIPURI(user: "a", host: "192.0.2.1"))
        return SIPHeaders(
            from: address,
            to: address,
            callID: "c",
            cSeq: CSeq(1, .invite),
            fields: fields.map { SIPHeaders.Field($0.0, $0.1) }
        )
    }

    @Test(
        "Privacy is a list with semicolons, or commas; `none` asks for nothing",
        arguments: [
            ("id", .identity), ("ID;critical", .identity), ("user , history", [.identity, .history]),
            ("header", [.identity, .history]), ("history", .history), ("none", []), ("id;none", []), ("session", []),
            ("", []), (";,;", []),
        ] as [(String, SIPPrivacy)]
    )
    func privacy(_ value: String, _ expected: SIPPrivacy) {
        #expect(SIPPrivacy(self.headers([("privacy", value)])) == expected)
    }

    @Test(
        "Of P-Asserted-Identity the SIP address counts, else the telephone number; what can't be read does not",
        arguments: [
            ("\"A\" <sip:1@h>, <tel:+2>", "1"), ("<tel:+2>, <sip:1@h>", "1"), ("<tel:+2>", "+2"), ("<sip:h>", nil),
            ("<http://1@h>", nil), ("nonsense", nil), ("", nil),
        ] as [(String, String?)]
    )
    func asserted(_ value: String, _ expected: String?) {
        #expect(self.headers([("P-Asserted-Identity", value)]).assertedIdentity?.uri.user == expected)
    }

    @Test("It may stand in two fields")
    func assertedTwice() {
        let headers = self.headers([("P-Asserted-Identity", "<tel:+2>"), ("p-asserted-identity", "<sip:1@h>")])
        #expect(headers.assertedIdentity?.uri.user == "1")
    }

    @Test("No more than ten fields of history are taken")
    func history() {
        let fields = (0..<20).map { ($0 % 2 == 0 ? "Diversion" : "History-Info", "<sip:\($0)@h>") }
        #expect(self.headers([("Reason", "SIP")] + fields).history.map { $0.value } == fields.prefix(10).map { $0.1 })
    }

    @Test("A Contact without a `q` that can be read is as good as any", arguments: [("0.25", 250), ("2", 1000)])
    func preference(_ q: String, _ expected: UInt16) {
        let uri = SIPURI(host: "h")
        #expect(NameAddress(uri: uri, parameters: SIPParameters([.init("q", q)])).preference == expected)
        #expect(NameAddress(uri: uri).preference == 1000)
    }
}
