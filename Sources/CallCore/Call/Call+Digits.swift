package import ClientProtocol
import MediaCore
package import SIPCore

/// Digits that are dialled into an answered call: telephone-events through the relay, INFO, or an app's `dtmf`, each turned
/// into what the other leg takes.
extension Call {
    /// An app dials digits into the call; each sounds for `duration`.
    ///
    /// - Throws: `wrong_state` before the call is answered, or where the other side takes no digits.
    package mutating func receivedDigits(
        _ digits: String,
        duration: Span,
        from side: Side
    ) throws(ClientError) -> CallAction {
        var action = CallAction()
        guard case .answered = self.state, self.pass(digits, duration, to: side.other, &action) else {
            throw ClientError(code: .wrongState, message: "The other side of this call takes no digits.")
        }
        return action
    }

    /// The leg's peer dialled a digit as a telephone-event, which the media engine passes on to a leg that takes those.
    package mutating func heardDigit(_ digit: SIPDigit, _ leg: LegID) -> CallAction {
        var action = CallAction()
        guard case .answered = self.state, let side = self.side(of: leg) else { return action }
        if self.takesEvents(side.other) {
            self.tellDigits(String(digit.key), to: side.other, &action)
        } else {
            self.pass(String(digit.key), digit.duration, to: side.other, &action)
        }
        return action
    }

    /// The leg's peer sent a digit by INFO.
    package mutating func receivedDigit(_ digit: SIPDigit, _ leg: LegID) -> CallAction {
        var action = CallAction()
        guard case .answered = self.state, let side = self.side(of: leg) else { return action }
        self.pass(String(digit.key), digit.duration, to: side.other, &action)
        return action
    }

    /// Whether the media engine can send telephone-events to that side.
    private func takesEvents(_ side: Side) -> Bool {
        self.leg(side).media?.peer.map { !$0.digits.isEmpty } ?? false
    }

    /// - Returns: whether the side takes digits in any way.
    @discardableResult
    private func pass(_ digits: String, _ duration: Span, to side: Side, _ action: inout CallAction) -> Bool {
        let leg = self.leg(side)
        let isTold = self.tellDigits(digits, to: side, &action)
        if self.takesEvents(side) {
            action.media.append(.sendDigits(leg.id, digits, duration: duration))
            return true
        }
        guard leg.sip != nil else { return isTold }
        for key in digits { action.sip.append(.sendDigit(leg.id, SIPDigit(key, duration: duration))) }
        return true
    }

    @discardableResult
    private func tellDigits(_ digits: String, to side: Side, _ action: inout CallAction) -> Bool {
        let leg = self.leg(side)
        guard leg.app?.profile == .extended else { return false }
        action.tell(leg, .dtmfReceived(callID: self.id.text, digits: digits))
        return true
    }
}
