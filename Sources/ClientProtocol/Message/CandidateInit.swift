/// An `RTCIceCandidateInit` that names a candidate.
package struct CandidateInit: Hashable, Sendable {
    /// The candidate attribute without `a=`, not empty.
    package var candidate: String
    package var sdpMid: String?
    package var sdpMLineIndex: UInt16?
    package var usernameFragment: String?

    package init(
        candidate: String,
        sdpMid: String? = nil,
        sdpMLineIndex: UInt16? = nil,
        usernameFragment: String? = nil
    ) {
        self.candidate = candidate
        self.sdpMid = sdpMid
        self.sdpMLineIndex = sdpMLineIndex
        self.usernameFragment = usernameFragment
    }
}
