/// What tells server transactions apart (RFC 3261 §17.2.3).
///
/// With a branch of RFC 3261 it is branch, sent-by and method; without the magic cookie the fields that RFC 2543 compared
/// count as well.
package struct ServerTransactionKey: Hashable, Sendable {
    private struct Legacy: Hashable, Sendable {
        var uri: SIPURI
        var callID: String
        var fromTag: String?
        var cSeq: UInt32
    }

    private var branch: String
    private var host: String
    private var port: UInt16?
    private var method: SIPMethod
    private var legacy: Legacy?

    /// The key of the transaction that `request` opens or belongs to: an ACK belongs to its INVITE.
    ///
    /// `method` stands in for the request's own: a CANCEL looks for its INVITE. Nil for a request without Via.
    package init?(_ request: SIPRequest, method: SIPMethod? = nil) {
        guard let via = request.headers.via.first else { return nil }
        self.branch = via.branch
        self.host = via.host
        self.port = via.port
        self.method = method ?? (request.method == .ack ? .invite : request.method)
        if !via.branch.isMagicBranch {
            self.legacy = Legacy(
                uri: request.uri,
                callID: request.headers.callID,
                fromTag: request.headers.from.tag,
                cSeq: request.headers.cSeq.number
            )
        }
    }
}

/// What two copies of one request have in common that reached us on different ways (RFC 3261 §8.2.2.2).
struct MergeKey: Hashable {
    var callID: String
    var fromTag: String?
    var cSeq: CSeq

    init(_ request: SIPRequest) {
        self.callID = request.headers.callID
        self.fromTag = request.headers.from.tag
        self.cSeq = request.headers.cSeq
    }
}

extension String {
    /// Whether a branch starts with the magic cookie of RFC 3261 §8.1.1.7, and goes on after it.
    fileprivate var isMagicBranch: Bool {
        self.utf8.count > 7 && self.utf8.starts(with: "z9hG4bK".utf8)
    }
}
