package import MediaCore

/// What becomes of each payload type that comes in on one leg and goes out on the other.
package struct FormatMap: Sendable {
    /// Comfort noise (RFC 3389), which nobody agrees on: the peer's own concealment is as good.
    private static let comfortNoise: UInt8 = 13

    private enum Entry: Sendable {
        case unknown
        /// Sound; the payload type to send, where the other leg takes the codec.
        case sound(AudioCodec, sends: UInt8?)
        case comfortNoise
        case digit(clockRate: UInt32)
    }

    private var entries: [128 of Entry]

    /// A leg whose packets go nowhere yet, or to `destination`.
    ///
    /// - Parameters:
    ///   - source: the formats of the leg where packets come in; the first of a codec or payload type counts.
    ///   - digits: the telephone-events of that leg.
    ///   - destination: the formats of the leg where they go out, the best first.
    package init(from source: [AudioFormat], digits: [DigitFormat] = [], to destination: [AudioFormat] = []) {
        self.entries = [128 of Entry](repeating: .unknown)
        // What was agreed on for 13 is comfort noise all the same (RFC 3551 §6).
        self.entries[Int(Self.comfortNoise)] = .comfortNoise
        for format in digits {
            self.enter(.digit(clockRate: format.clockRate), at: format.receives)
        }
        for format in source {
            let sends = destination.first { $0.codec == format.codec && $0.sends < 128 }?.sends
            self.enter(.sound(format.codec, sends: sends), at: format.receives)
        }
    }

    /// The payload type to send for one that came; nil: it has to be dropped, or to be turned into another codec.
    package subscript(payloadType: UInt8) -> UInt8? {
        switch self.entry(payloadType) {
        case .sound(_, let sends): sends
        case .unknown, .comfortNoise, .digit: nil
        }
    }

    /// The codec of a payload type that came; nil where it holds no sound.
    package func codec(_ payloadType: UInt8) -> AudioCodec? {
        switch self.entry(payloadType) {
        case .sound(let codec, _): codec
        case .unknown, .comfortNoise, .digit: nil
        }
    }

    /// The clock of a payload type that came, in Hz, where it is a telephone-event.
    package func digitClockRate(_ payloadType: UInt8) -> UInt32? {
        switch self.entry(payloadType) {
        case .digit(let clockRate): clockRate
        case .unknown, .comfortNoise, .sound: nil
        }
    }

    /// Whether a peer may send this payload type; comfort noise may come unannounced.
    package func isAgreed(_ payloadType: UInt8) -> Bool {
        switch self.entry(payloadType) {
        case .unknown: false
        case .sound, .comfortNoise, .digit: true
        }
    }

    private func entry(_ payloadType: UInt8) -> Entry {
        payloadType < 128 ? self.entries[Int(payloadType)] : .unknown
    }

    private mutating func enter(_ entry: Entry, at payloadType: UInt8) {
        guard payloadType < 128, case .unknown = self.entries[Int(payloadType)] else { return }
        self.entries[Int(payloadType)] = entry
    }
}
