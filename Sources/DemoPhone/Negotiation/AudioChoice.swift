package import MediaCore

/// Which audio format of an offer a number answers with.
package enum AudioChoice: Hashable, Sendable {
    /// The first one that has a name, whatever it is: an echo needs no codec.
    case firstOffered
    /// The first of this list that is offered.
    case best([AudioCodec])

    /// How good a format is that stands at `position` of the offer, the least best; nil where it is none to take.
    func rank(of codec: AudioCodec, at position: Int) -> Int? {
        switch self {
        case .firstOffered: position
        case .best(let codecs): codecs.firstIndex(of: codec)
        }
    }
}
