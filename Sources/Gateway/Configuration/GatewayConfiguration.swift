/// The whole configuration of a gateway, checked: what the file says, and the default of every key it leaves out.
///
/// Its keys are those of the operator interface; `config/gateway.yaml` lists them with a line each. Keys of features that
/// this release doesn't have are refused when the file is read, so they have no place here.
package struct GatewayConfiguration: Hashable, Sendable {
    package var client: Client
    package var tokens: Tokens
    package var admin: Admin
    package var sip: SIP
    package var media: Media
    package var users: [User]
    package var phones: [Phone]
    package var groups: [Group]
    package var trunks: [Trunk]
    /// What brings a number to one form before anybody is looked for by it; the first row that matches decides.
    package var normalize: [DialPattern]
    /// The first row that matches decides.
    package var dialplan: [DialRow]
    package var storage: Storage
    package var log: Log
    package var timers: Timers
    package var limits: Limits
}
