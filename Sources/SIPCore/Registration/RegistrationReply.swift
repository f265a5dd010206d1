/// The answer to a REGISTER, and what it changed.
package struct RegistrationReply: Hashable, Sendable {
    package var status: UInt16
    /// With 200: every binding that the phone now has, each with its `expires`.
    package var contacts: ShortList<Contact>
    package var fields: [SIPHeaders.Field]
    /// nil: nothing has changed.
    package var change: BindingChange?

    package init(
        status: UInt16,
        contacts: ShortList<Contact> = [],
        fields: [SIPHeaders.Field] = [],
        change: BindingChange? = nil
    ) {
        self.status = status
        self.contacts = contacts
        self.fields = fields
        self.change = change
    }
}
