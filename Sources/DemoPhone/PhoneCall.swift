internal import NIOCore
internal import SIPCore

/// One call to the phone.
///
/// Not `Sendable`: it lives on the phone's event loop.
final class PhoneCall {
    enum Stage {
        /// 180 went out, and nothing follows.
        case ringing
        /// The INVITE waits for its RTP socket; nil: it has no offer.
        case opening(offer: SessionDescription?)
        case talking(RTPSocket, CallNegotiation)
    }

    let number: DemoNumber
    var stage: Stage
    /// Ends a call that nobody ends.
    var limit: Scheduled<Void>?

    init(_ number: DemoNumber, _ stage: Stage) {
        self.number = number
        self.stage = stage
    }

    /// Lets go of its socket and its timer.
    func close() {
        self.limit?.cancel()
        switch self.stage {
        case .talking(let socket, _): socket.close()
        case .ringing, .opening: break
        }
    }
}
