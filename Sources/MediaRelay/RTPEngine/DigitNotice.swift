internal import Foundation
import SIPCore

/// What rtpengine says of a digit that came, one JSON object in a datagram (`--dtmf-log-dest`).
struct DigitNotice: Hashable, Sendable {
    /// The most bytes that are read; such an object has some 200.
    static let lengthLimit = 4_096

    /// What of the object is of use, by its own names.
    private struct Object: Decodable {
        var type: String
        var callid: String
        var source_tag: String
        var event: UInt8
        var duration: UInt64
    }

    /// The name of the call there.
    var call: String
    /// The side that it came from.
    var tag: String
    var digit: Digit

    /// Nil where the object is malformed, is no digit's, or lacks something.
    init?(_ datagram: [UInt8]) {
        guard datagram.count <= Self.lengthLimit,
            let object = try? JSONDecoder().decode(Object.self, from: Data(datagram)), object.type == "DTMF",
            let digit = Digit(code: object.event, duration: .milliseconds(min(object.duration, 60_000)))
        else { return nil }
        self.call = object.callid
        self.tag = object.source_tag
        self.digit = digit
    }
}
