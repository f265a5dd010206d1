import CallCore
import ClientProtocol
import MediaCore
import SIPCore

/// Calls whose media the gateway anchors, at the points that tests begin from.
extension RelayFixture {
    static let leg = LegID(number: 1)
    static let second = LegID(number: 2)
    static let now = Fixture.start
    static let digits8 = [AudioDescription.Digits(payloadType: 126, clockRate: 8000)]
    static let digitFormats8 = [DigitFormat(sends: 126, receives: 126, clockRate: 8000)]

    static func call(from caller: Leg.Kind, _ relay: RelayPolicy = RelayPolicy()) -> Call {
        Call(
            id: CallID(text: Fixture.id),
            parties: CallParties(callerID: Fixture.aliceID, callerUsername: "Alice", dialled: Fixture.bobID),
            caller: caller,
            timers: CallTimers(),
            relay: relay,
            seed: (1, 2),
            now: self.now
        )
    }

    static func fromPhone(_ relay: RelayPolicy = RelayPolicy()) -> Call {
        self.call(from: .sip(.inbound(origin: SessionOrigin(sessionID: 8))), relay)
    }

    static func order(_ offer: [UInt8]) -> InviteOrder {
        var order = Fixture.order
        order.offer = offer
        return order
    }

    /// An app has called a phone whose INVITE is out.
    static func ringing(
        _ caller: AppLeg = Fixture.extendedAlice,
        offer: [AudioCodec]? = nil,
        _ relay: RelayPolicy = RelayPolicy()
    ) throws -> Call {
        var call = self.call(from: .app(caller), relay)
        _ = try call.begin(callees: [Fixture.phone()], offer: offer.map { self.offer($0) }, now: self.now)
        _ = call.mediaOpened(.caller, self.app)
        _ = call.mediaOpened(self.leg, self.phone)
        return call
    }

    /// An app has called a phone, and they talk in PCMU.
    static func talking(_ caller: AppLeg = Fixture.extendedAlice) throws -> Call {
        var call = try self.ringing(caller)
        _ = call.receivedAnswer(self.leg, sdp: self.phoneSDP([.pcmu]), now: self.now)
        _ = try call.receivedOffer(self.offer(), from: .caller, now: self.now)
        return call
    }

    /// A phone has called an app, and they talk in PCMU.
    static func talkingFromPhone(_ callee: AppLeg = Fixture.extendedBob) throws -> Call {
        var call = self.fromPhone()
        _ = call.begin(callees: [.app(callee)], sdp: self.phoneSDP(), now: self.now)
        _ = call.mediaOpened(.caller, self.phone)
        _ = call.mediaOpened(self.leg, self.app)
        _ = try call.receivedAnswerCall(from: callee.connection, answer: self.answer([.pcmu, .pcma]), now: self.now)
        _ = call.mediaConnected(self.leg)
        _ = call.receivedAcknowledgement(.caller, sdp: nil)
        return call
    }

    /// The `o=` of the phone that is called, so many versions on.
    static func toCallee(
        _ codecs: [AudioCodec],
        answering offer: [UInt8]? = nil,
        _ direction: SDPDirection = .sendrecv,
        version: UInt64
    ) throws -> [UInt8] {
        try self.toPhone(codecs, answering: offer, direction: direction, version: version)
    }

    static func callAnswer(_ answer: JSONFragment) -> ClientEvent {
        .callAnswer(callID: Fixture.id, calleeID: Fixture.bobID, answer: answer)
    }

    static func callOffer(_ offer: JSONFragment) -> ClientEvent {
        .callOffer(callID: Fixture.id, callerID: Fixture.aliceID, offer: offer)
    }
}
