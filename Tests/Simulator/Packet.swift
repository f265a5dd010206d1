import SIPCore

/// A message on its way, by reference, so that the queue moves little.
final class Packet {
    let message: SIPMessage

    init(_ message: SIPMessage) {
        self.message = message
    }
}
