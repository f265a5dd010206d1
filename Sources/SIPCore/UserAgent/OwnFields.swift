/// The fields that tell about us, made once: messages share them.
struct OwnFields {
    /// Of a request other than INVITE and UPDATE.
    let request: [SIPHeaders.Field]
    /// Of a response.
    let response: [SIPHeaders.Field]
    /// Of the answer to OPTIONS.
    let options: [SIPHeaders.Field]
    let allow: SIPHeaders.Field
    /// What is implemented for sessions and not switched off.
    let extensions: MethodTable.Extensions
    /// REGISTER is a method of ours.
    let isRegistrar: Bool
    let minimum: SIPHeaders.Field
    let reliable = MethodTable.required(.reliableProvisionals)
    let timer = MethodTable.required(.timer)
    /// By the extensions of a session.
    private let invites: [[SIPHeaders.Field]]
    private let firstInvites: [[SIPHeaders.Field]]
    private let finals: [[SIPHeaders.Field]]
    private let timers: SessionTimers
    /// Session-Expires with the usual interval, the refresher being nobody, `uac`, `uas`.
    private let usual: [SIPHeaders.Field]

    /// - Parameters:
    ///   - product: see `SIPUserAgent.Configuration`.
    ///   - timers: see there, too.
    ///   - isRegistrar: phones may register here.
    init(product: String, timers: SessionTimers, isRegistrar: Bool) {
        let request = product.isEmpty ? [] : [SIPHeaders.Field("User-Agent", product)]
        let response = product.isEmpty ? [] : [SIPHeaders.Field("Server", product)]
        let sets = MethodTable.Extensions.setsOfSessions
        let extensions: MethodTable.Extensions =
            timers.isOn ? .ofSessions : .ofSessions.subtracting(.timer)
        let allow = MethodTable.allow(isRegistrar: isRegistrar)
        let usual = [nil, .uac, .uas].map { Self.sessionExpires(timers.interval, $0) }
        let minimum = SIPHeaders.Field("Min-SE", String(timers.minimum))
        let invites = sets.map { Self.abilities(allow, $0) + request }
        self.request = request
        self.response = response
        self.allow = allow
        self.isRegistrar = isRegistrar
        self.options = [
            allow, MethodTable.accepts,
            MethodTable.supported(isRegistrar ? extensions.union(.ofRegistrar) : extensions),
        ]
        self.extensions = extensions
        self.timers = timers
        self.usual = usual
        self.minimum = minimum
        self.invites = invites
        self.firstInvites = zip(sets, invites).map { set, fields in
            set.contains(.timer) ? fields + [usual[0], minimum] : fields
        }
        self.finals = sets.map { response + Self.abilities(allow, $0) }
    }

    private static func abilities(
        _ allow: SIPHeaders.Field,
        _ extensions: MethodTable.Extensions
    ) -> [SIPHeaders.Field] {
        extensions.isEmpty ? [allow] : [allow, MethodTable.supported(extensions)]
    }

    private static func sessionExpires(
        _ seconds: UInt32,
        _ refresher: SessionExpires.Refresher?
    ) -> SIPHeaders.Field {
        SIPHeaders.Field("Session-Expires", SessionExpires(seconds: seconds, refresher: refresher).headerValue)
    }

    /// Of an INVITE or UPDATE, what the session timer adds aside.
    func invite(_ extensions: MethodTable.Extensions) -> [SIPHeaders.Field] {
        self.invites[extensions.intersection(.ofSessions).rawValue]
    }

    /// Of an INVITE outside a dialog that asks for the usual session interval, or for none.
    func firstInvite(_ extensions: MethodTable.Extensions) -> [SIPHeaders.Field] {
        self.firstInvites[extensions.intersection(.ofSessions).rawValue]
    }

    /// Of a final response to an INVITE or UPDATE that makes or keeps a dialog, and of a reliable provisional one.
    func dialogResponse(_ extensions: MethodTable.Extensions) -> [SIPHeaders.Field] {
        self.finals[extensions.intersection(.ofSessions).rawValue]
    }

    func sessionExpires(_ seconds: UInt32, _ refresher: SessionExpires.Refresher?) -> SIPHeaders.Field {
        guard seconds == self.timers.interval else { return Self.sessionExpires(seconds, refresher) }
        switch refresher {
        case nil: return self.usual[0]
        case .uac: return self.usual[1]
        case .uas: return self.usual[2]
        }
    }

    func minimum(_ seconds: UInt32) -> SIPHeaders.Field {
        seconds == self.timers.minimum ? self.minimum : SIPHeaders.Field("Min-SE", String(seconds))
    }
}

extension [SIPHeaders.Field] {
    /// Appends fields that many messages have; without any other, all of them share one array.
    mutating func share(_ fields: [SIPHeaders.Field]) {
        if self.isEmpty { self = fields } else { self += fields }
    }
}
