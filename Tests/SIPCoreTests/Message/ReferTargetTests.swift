import SIPCore
import Testing

@Suite("Refer-To, Replaces and fragments")
struct ReferTargetTests {
    private func fault(_ text: String) -> ReferTarget.Fault? {
        do {
            _ = try ReferTarget(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "The dialog that is to be replaced stands behind the URI's ?",
        arguments: [
            "<sip:carol@192.0.2.9;method=INVITE?Replaces=12%40host%3Bto-tag%3D7743%3Bfrom-tag%3D6472>",
            "<sip:carol@192.0.2.9?Require=replaces&replaces=12%40host%3Bfrom-tag%3D6472%3Bto-tag%3D7743>",
        ]
    )
    func attended(text: String) throws {
        let replaces = Replaces(callID: "12@host", toTag: "7743", fromTag: "6472")
        #expect(try ReferTarget(text) == ReferTarget(uri: SIPURI(user: "carol", host: "192.0.2.9"), replaces: replaces))
    }

    @Test("What is written is read again", arguments: ["a", "a;b\"c@d%", "(~)"])
    func roundTrip(callID: String) throws {
        var target = ReferTarget(uri: SIPURI(user: "carol", host: "192.0.2.9", port: 5070))
        #expect(try ReferTarget(target.headerValue) == target)
        target.replaces = Replaces(callID: callID.filter { $0 != ";" }, toTag: "t.1", fromTag: "f-2", earlyOnly: true)
        #expect(try ReferTarget(target.headerValue) == target)
    }

    @Test("Other header fields are not taken over") func foreignFields() throws {
        let target = try ReferTarget("Carol <sip:carol@192.0.2.9?Route=%3Csip:evil%3E&Subject=x>")
        #expect(target == ReferTarget(uri: SIPURI(user: "carol", host: "192.0.2.9")))
    }

    @Test(
        "Nonsense is refused",
        arguments: [
            ("", .malformed), ("<sip:a@b", .malformed), ("<mailto:a@b>", .unsupported),
            ("<sip:a@b;method=BYE>", .unsupported), ("<sip:a@b?Replaces=x>", .malformed),
            ("<sip:a@b?Replaces=x%3Bto-tag%3D1>", .malformed), ("<sip:a@b?Replaces=x%0D%0A>", .malformed),
            ("<sip:a@b?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2%3Bto-tag%3D3>", .malformed),
            ("<sip:a@b?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=x>", .malformed),
            ("<sip:a@b>, <sip:c@d>", .malformed),
        ] as [(String, ReferTarget.Fault)]
    )
    func nonsense(text: String, fault: ReferTarget.Fault) {
        #expect(self.fault(text) == fault)
    }

    @Test(
        "The status of a fragment",
        arguments: [
            ("SIP/2.0 200 OK\r\n", 200), ("SIP/2.0 180", 180), ("SIP/2.0 1800 x", nil), ("SIP/2.0 20", nil),
            ("SIP/2.0 999 x", nil), ("INVITE sip:a@b SIP/2.0\r\n", nil), ("", nil),
        ] as [(String, UInt16?)]
    )
    func fragment(text: String, status: UInt16?) {
        #expect(SIPFragment.status(Array(text.utf8)) == status)
    }
}
