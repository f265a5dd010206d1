/// What the user agent implements; Allow, Accept and Supported are made from it, so that they can't promise more.
enum MethodTable {
    /// Every method that is understood.
    static let methods: [SIPMethod] = [.invite, .ack, .cancel, .bye, .options, .info]

    /// The extensions that are implemented (RFC 3261 §20.37): none yet.
    static let extensions: [String] = []

    static let allow = SIPHeaders.Field("Allow", Self.methods.map { $0.name }.joined(separator: ", "))
    static let supported = SIPHeaders.Field("Supported", Self.extensions.joined(separator: ", "))
    static let accept = SIPHeaders.Field("Accept", "application/sdp")

    static func contains(_ method: SIPMethod) -> Bool {
        switch method {
        case .invite, .ack, .bye, .cancel, .options, .info: true
        case .register, .other: self.methods.contains(method)
        }
    }
}
