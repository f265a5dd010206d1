package import ClientProtocol
package import SIPCore

/// An app's offer or answer and the candidates that trickle in after it.
///
/// Toward another app all of it passes on untouched. Toward a phone, which takes no trickle, the candidates are
/// collected into the SDP: until the app says that there are no more, or a time limit ("half trickle", RFC 8838 §3).
package struct TrickledDescription: Hashable, Sendable {
    package enum Role: String, Hashable, Sendable {
        case offer
        case answer
    }

    /// As the app sent it.
    package var fragment: JSONFragment
    /// The candidates as they came, in their order; for another app.
    package private(set) var trickled: [JSONFragment] = []
    /// Read and checked, where a phone will get it.
    private var description: SessionDescription?
    private var candidates: [ICECandidateLine] = []
    private var endOfCandidates: Bool
    /// Until when candidates are awaited.
    package var deadline: Instant

    /// More candidates than any browser gathers are not kept.
    package static let candidateLimit = 64
    /// Nor is one that is longer than any browser's: there may be as many as that of each call.
    package static let candidateBytes = 1024

    /// For another app: nothing is read.
    package init(fragment: JSONFragment) {
        self.fragment = fragment
        self.description = nil
        self.endOfCandidates = true
        self.deadline = Instant(nanoseconds: 0)
    }

    /// For a phone.
    ///
    /// - Throws: `bad_message` where it is no `RTCSessionDescriptionInit` with an SDP that can be read.
    package init(fragment: JSONFragment, role: Role, deadline: Instant) throws(ClientError) {
        let (type, sdp) = try fragment.sessionDescription()
        guard type == role.rawValue else {
            throw ClientError(code: .badMessage, message: "The `type` in `\(role.rawValue)` is not `\(role.rawValue)`.")
        }
        do {
            self.description = try SessionDescription(sdp)
        } catch {
            throw ClientError(code: .badMessage, message: "The `sdp` in `\(role.rawValue)` cannot be read.")
        }
        self.fragment = fragment
        self.deadline = deadline
        self.endOfCandidates = self.description.map(Self.holdsEveryCandidate) ?? true
    }

    /// Whether nothing more is awaited.
    package var isComplete: Bool { self.endOfCandidates }

    /// Takes a candidate that came after the description; null or an empty one says that there are no more.
    ///
    /// - Throws: `bad_message` where it is no `RTCIceCandidateInit`.
    package mutating func add(_ candidate: JSONFragment) throws(ClientError) {
        guard self.trickled.count < Self.candidateLimit, candidate.utf8.count <= Self.candidateBytes else { return }
        if self.description != nil {
            if let read = try candidate.candidate() {
                if let line = ICECandidateLine(read.candidate, mid: read.sdpMid, mLineIndex: read.sdpMLineIndex) {
                    self.candidates.append(line)
                }
            } else {
                self.endOfCandidates = true
            }
        }
        self.trickled.append(candidate)
    }

    /// Awaits no more candidates: the time is up.
    package mutating func complete() {
        self.endOfCandidates = true
    }

    /// The SDP for a phone: with the candidates that came, the default one in `c=` and `m=`, and our own `o=`.
    package func sdp(origin: inout SessionOrigin) -> [UInt8] {
        guard let description = self.description else { return [] }
        origin.version += 1
        return
            description
            .withCandidates(self.candidates, endOfCandidates: true)
            .replacingOrigin(
                sessionID: origin.sessionID,
                version: origin.version,
                username: "-",
                address: SessionOrigin.address
            )
            .bytes
    }

    /// A browser says that more will trickle in; a client that does not, and lists some, has listed all.
    private static func holdsEveryCandidate(_ description: SessionDescription) -> Bool {
        func has(_ name: String) -> Bool {
            description.hasAttribute(name) || description.media.contains { $0.hasAttribute(name) }
        }
        if has("end-of-candidates") { return true }
        let options = description.attributes("ice-options") + description.media.flatMap { $0.attributes("ice-options") }
        return has("candidate") && !options.contains { $0.split(separator: " ").contains("trickle") }
    }
}
