/// The value of From, To, Contact, Route and Record-Route: a URI, perhaps with a display name, and header parameters.
package struct NameAddress: Hashable, Sendable {
    /// The display name, unquoted and unescaped.
    package var displayName: String?
    package var uri: SIPURI
    /// The header's parameters; the URI's own are in `uri`.
    package var parameters: SIPParameters

    package init(displayName: String? = nil, uri: SIPURI, parameters: SIPParameters = SIPParameters()) {
        self.displayName = displayName
        self.uri = uri
        self.parameters = parameters
    }

    package var tag: String? {
        get { self.parameters["tag"] }
        set { self.parameters.set("tag", to: newValue) }
    }
}
