/// What the user agent implements; Allow, Accept and Supported are made from it, so that they can't promise more.
enum MethodTable {
    /// An extension with an option tag (RFC 3261 §19.2).
    enum Extension: String, CaseIterable {
        /// Reliable provisional responses (RFC 3262).
        case reliableProvisionals = "100rel"
        /// Session timers (RFC 4028).
        case timer
        /// INVITEs in the place of a dialog (RFC 3891).
        case replaces
        /// Proxies between a phone and its registrar (RFC 3327).
        case path
        /// Connections that a phone opens and keeps (RFC 5626).
        case outbound
    }

    /// The extensions that a message may name.
    struct Extensions: OptionSet {
        let rawValue: Int

        static let reliableProvisionals = Extensions(rawValue: 1)
        static let timer = Extensions(rawValue: 2)
        static let replaces = Extensions(rawValue: 4)
        static let path = Extensions(rawValue: 8)
        static let outbound = Extensions(rawValue: 16)
        /// Those of sessions.
        static let ofSessions: Extensions = [.reliableProvisionals, .timer, .replaces]
        /// Those of a registrar.
        static let ofRegistrar: Extensions = [.path, .outbound]
        /// Every set of those of sessions, in the order of the raw values.
        static let setsOfSessions: [Extensions] = (0...Self.ofSessions.rawValue).map { Extensions(rawValue: $0) }

        func holds(_ element: Extension) -> Bool {
            switch element {
            case .reliableProvisionals: self.contains(.reliableProvisionals)
            case .timer: self.contains(.timer)
            case .replaces: self.contains(.replaces)
            case .path: self.contains(.path)
            case .outbound: self.contains(.outbound)
            }
        }
    }

    /// What a session is described by.
    static let accept = SIPHeaders.Field("Accept", "application/sdp")
    /// What any method takes.
    static let accepts = SIPHeaders.Field("Accept", "application/sdp, text/plain")

    /// Every method that is understood; REGISTER where phones may register.
    private static let methods: [SIPMethod] = [
        .invite, .ack, .cancel, .bye, .options, .info, .update, .prack, .message, .refer, .notify, .register,
    ]

    static func contains(_ method: SIPMethod, isRegistrar: Bool) -> Bool {
        switch method {
        case .invite, .ack, .bye, .cancel, .options, .info, .update, .prack, .message, .refer, .notify: true
        case .register: isRegistrar
        case .other: false
        }
    }

    static func allow(isRegistrar: Bool) -> SIPHeaders.Field {
        let methods = Self.methods.filter { Self.contains($0, isRegistrar: isRegistrar) }
        return SIPHeaders.Field("Allow", methods.map { $0.name }.joined(separator: ", "))
    }

    static func supported(_ extensions: Extensions) -> SIPHeaders.Field {
        let names = Extension.allCases.filter { extensions.holds($0) }.map { $0.rawValue }
        return SIPHeaders.Field("Supported", names.joined(separator: ", "))
    }

    static func required(_ element: Extension) -> SIPHeaders.Field {
        SIPHeaders.Field("Require", element.rawValue)
    }

    /// The option tags of Require that `extensions` does not hold, in their order.
    static func unsupported(_ headers: SIPHeaders, _ extensions: Extensions) -> [String] {
        var tags: [String] = []
        for field in headers.fields where field.name.equalsIgnoringCase("Require") {
            field.value.eachListed { tag in
                let isKnown = Extension.allCases.contains {
                    extensions.holds($0) && tag.equalsIgnoringCase($0.rawValue)
                }
                if !isKnown { tags.append(String(tag)) }
                return true
            }
        }
        return tags
    }
}
