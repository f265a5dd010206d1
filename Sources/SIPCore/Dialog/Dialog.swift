/// One dialog (RFC 3261 §12): who talks to whom, the sequence numbers of both sides, and the way of its requests.
///
/// A value without time; the session that owns it decides when it begins and ends.
package struct Dialog: Hashable, Sendable {
    /// The part of a dialog's identity that is ours.
    ///
    /// The peer's tag is compared once the dialog is found: all forks of one INVITE of ours share a key.
    package struct Key: Hashable, Sendable {
        package var callID: String
        package var localTag: String

        package init(callID: String, localTag: String) {
            self.callID = callID
            self.localTag = localTag
        }
    }

    /// Where a request goes first.
    package struct Hop: Hashable, Sendable {
        package var target: SIPTarget
        /// See `SIPOutbound.Destination.target`.
        package var preferring: SIPFlow?

        /// Whether it is where datagrams of a peer behind a NAT come from, and not what its Contact says.
        package var isSource: Bool {
            guard let flow = self.preferring, flow.transport == .udp else { return false }
            return self.target == SIPTarget(transport: .udp, host: flow.remote.host, port: flow.remote.port)
        }

        package init(target: SIPTarget, preferring: SIPFlow? = nil) {
            self.target = target
            self.preferring = preferring
        }
    }

    /// What stays as it was at the beginning.
    private struct Fixed: Hashable, Sendable {
        var key: Key
        var local: NameAddress
        var remote: NameAddress
        var remoteTag: String
        var ownsCallID: Bool
        var routeSet: [NameAddress]
        var isSecure: Bool
    }

    /// Never empty.
    ///
    /// It copies as one reference: a session hands its dialog on with every request.
    private let fixed: ContiguousArray<Fixed>

    package var key: Key { self.fixed[0].key }
    /// Our URI, with our tag.
    package var local: NameAddress { self.fixed[0].local }
    /// The peer's URI, with its tag where it has one (RFC 2543 peers may have none).
    package var remote: NameAddress { self.fixed[0].remote }
    /// The peer's tag; empty where it has none.
    package var remoteTag: String { self.fixed[0].remoteTag }
    /// Whether we made the Call-ID: it settles who waits longer after a 491 (RFC 3261 §14.1).
    package var ownsCallID: Bool { self.fixed[0].ownsCallID }
    /// Nearest proxy first.
    package var routeSet: [NameAddress] { self.fixed[0].routeSet }
    /// Whether it was begun for a `sips` URI, over TLS: then no request of it leaves without TLS (RFC 3261 §12.1,
    /// RFC 5630 §3.1.2).
    package var isSecure: Bool { self.fixed[0].isSecure }

    /// The CSeq number of our last request.
    package private(set) var localCSeq: UInt32
    /// The CSeq number of the peer's last request; nil before its first.
    package private(set) var remoteCSeq: UInt32?
    /// The URI of the peer's Contact.
    package private(set) var remoteTarget: SIPURI
    /// The way the peer last reached us.
    package private(set) var flow: SIPFlow
    /// Without routes, requests go to where the peer's datagrams come from and not to its Contact: it is a phone of ours
    /// that sits behind a NAT.
    package var followsSource = false

    /// The dialog that a response to our INVITE makes (§12.1.2).
    ///
    /// A response without Contact leaves the request's URI as the remote target.
    package init(client request: SIPRequest, response: SIPResponse, flow: SIPFlow) {
        self.fixed = [
            Fixed(
                key: Key(callID: request.headers.callID, localTag: request.headers.from.tag ?? ""),
                local: request.headers.from,
                remote: response.headers.to,
                remoteTag: response.headers.to.tag ?? "",
                ownsCallID: true,
                routeSet: response.headers.recordRoute.reversed(),
                isSecure: request.uri.scheme == .sips
            )
        ]
        self.localCSeq = request.headers.cSeq.number
        self.remoteCSeq = nil
        self.remoteTarget = response.headers.contact.first?.address?.uri ?? request.uri
        self.flow = flow
    }

    /// The dialog that our response to the peer's INVITE makes (§12.1.1); nil where the INVITE has no Contact.
    package init?(server request: SIPRequest, localTag: String, flow: SIPFlow) {
        guard let contact = request.headers.contact.first?.address else { return nil }
        var local = request.headers.to
        local.tag = localTag
        self.fixed = [
            Fixed(
                key: Key(callID: request.headers.callID, localTag: localTag),
                local: local,
                remote: request.headers.from,
                remoteTag: request.headers.from.tag ?? "",
                ownsCallID: false,
                routeSet: request.headers.recordRoute,
                isSecure: request.uri.scheme == .sips && flow.transport == .tls
            )
        ]
        self.localCSeq = 0
        self.remoteCSeq = request.headers.cSeq.number
        self.remoteTarget = contact.uri
        self.flow = flow
    }

    /// Takes the number of a request of the peer; false where it is lower than one before (§12.2.2).
    package mutating func acceptRemote(_ number: UInt32) -> Bool {
        if let last = self.remoteCSeq, number < last { return false }
        self.remoteCSeq = number
        return true
    }

    /// Goes on with the numbers of the early dialog that it was (§13.2.2.4): requests have gone within that.
    package mutating func resume(_ early: Dialog) {
        self.localCSeq = early.localCSeq
        self.remoteCSeq = early.remoteCSeq
    }

    /// Target refresh (§12.2, RFC 3311 §5): a re-INVITE, an UPDATE or their 2xx may bring a new Contact; without one
    /// nothing changes.
    package mutating func refreshTarget(_ contacts: ShortList<Contact>) {
        if let contact = contacts.first?.address { self.remoteTarget = contact.uri }
    }

    /// The peer has reached us by that flow.
    package mutating func reached(by flow: SIPFlow) {
        self.flow = flow
    }

    /// The next request within the dialog, without Via and Contact.
    package mutating func nextRequest(_ method: SIPMethod) -> SIPRequest {
        self.localCSeq &+= 1
        return self.request(method, cSeq: self.localCSeq)
    }

    /// The ACK of a 2xx to our INVITE of that number, without Via (§13.2.2.4).
    package func ack(cSeq: UInt32) -> SIPRequest {
        self.request(.ack, cSeq: cSeq)
    }
}
