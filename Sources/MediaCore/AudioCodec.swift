/// The audio codecs that the gateway knows by name.
///
/// Telephone-event is none of them: it goes beside each.
package enum AudioCodec: String, CaseIterable, Hashable, Sendable {
    case opus
    case g722 = "G722"
    case pcmu = "PCMU"
    case pcma = "PCMA"

    /// What stands in `a=rtpmap` after the payload type (RFC 3551 §6, RFC 7587 §7).
    package var rtpmap: String {
        switch self {
        case .opus: "opus/48000/2"
        case .g722: "G722/8000"
        case .pcmu: "PCMU/8000"
        case .pcma: "PCMA/8000"
        }
    }

    /// The clock of its RTP timestamps in Hz; 8000 for G.722 too, which samples at 16,000 (RFC 3551 §4.5.2).
    package var clockRate: UInt32 {
        switch self {
        case .opus: 48_000
        case .g722, .pcmu, .pcma: 8_000
        }
    }

    /// Whether it can be turned into another one that can.
    ///
    /// G.722 is left out: what takes it takes G.711 as well.
    package var isTranscoded: Bool {
        switch self {
        case .opus, .pcmu, .pcma: true
        case .g722: false
        }
    }

    /// Its law, where it is G.711.
    package var law: G711? {
        switch self {
        case .pcmu: .muLaw
        case .pcma: .aLaw
        case .opus, .g722: nil
        }
    }

    /// The payload type that everyone knows it by; nil where each description chooses one (RFC 3551 §6).
    package var staticPayloadType: UInt8? {
        switch self {
        case .opus: nil
        case .g722: 9
        case .pcmu: 0
        case .pcma: 8
        }
    }
}

/// A codec with the payload types that one leg's descriptions gave it.
package struct AudioFormat: Hashable, Sendable {
    package var codec: AudioCodec
    /// The payload type that we write toward the peer, 0 to 127: the one that its description gives.
    package var sends: UInt8
    /// The payload type that the peer writes toward us, 0 to 127: the one that our description gives.
    package var receives: UInt8

    package init(_ codec: AudioCodec, sends: UInt8, receives: UInt8) {
        self.codec = codec
        self.sends = sends
        self.receives = receives
    }
}

/// Telephone-event with the payload types that one leg's descriptions gave it (RFC 4733).
package struct DigitFormat: Hashable, Sendable {
    /// As `AudioFormat.sends`.
    package var sends: UInt8
    /// As `AudioFormat.receives`.
    package var receives: UInt8
    /// In Hz; the one of the audio beside it (RFC 4733 §2.1).
    package var clockRate: UInt32

    package init(sends: UInt8, receives: UInt8, clockRate: UInt32) {
        self.sends = sends
        self.receives = receives
        self.clockRate = clockRate
    }
}
