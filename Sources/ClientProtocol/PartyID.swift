/// The id of a user or phone as a JSON message holds it: a number or a string, and it stays what it was.
///
/// `7` and `"7"` reach the same user, so compare `text`; what goes back to a client is the id as that client spelled
/// it (gateway-profile §6, "Ids").
package struct PartyID: Hashable, Sendable {
    /// The id without quotes and escapes: what identifies the party.
    package var text: String
    /// Whether it is a JSON number; its digits are in `text`, however many there are.
    package var isNumber: Bool

    package init(text: String, isNumber: Bool) {
        self.text = text
        self.isNumber = isNumber
    }

    package static func string(_ text: String) -> PartyID { PartyID(text: text, isNumber: false) }
    package static func number(_ digits: String) -> PartyID { PartyID(text: digits, isNumber: true) }

    /// Whether both name the same party, spelled as a number or as a string.
    package func names(_ other: PartyID) -> Bool { self.text == other.text }
}
