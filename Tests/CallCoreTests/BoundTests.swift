import CallCore
import ClientProtocol
import SIPCore
import Testing

/// What a peer can make grow, and where that ends.
@Suite("The bounds of a call")
struct BoundTests {
    @Test("A device may come and go without end while another one rings")
    func deviceComesAndGoes() throws {
        var call = Fixture.call(from: .app(Fixture.alice))
        _ = try call.begin(callees: [.app(Fixture.bob)], offer: nil, now: Fixture.start)
        for _ in 0...Int(UInt16.max) {
            _ = call.deviceConnected(Fixture.bobsTablet, of: Fixture.bobID.text)
            _ = call.connectionLost(Fixture.bobsTablet.connection, now: Fixture.start)
        }
        let action = call.receivedCancel(from: Fixture.alice.connection)
        #expect(action.client == [.init(Fixture.bob.connection, Fixture.cancelled(.cancelled))])
    }

    @Test("Candidates that wait for an answer are few and short")
    func candidates() throws {
        var description = TrickledDescription(fragment: Fixture.offer)
        let long = JSONFragment(utf8: Array(#"{"candidate":"\#(String(repeating: "x", count: 1024))"}"#.utf8))
        try description.add(long)
        #expect(description.trickled.isEmpty)
        for _ in 0..<100 { try description.add(Fixture.candidate) }
        #expect(description.trickled.count == TrickledDescription.candidateLimit)
    }
}
