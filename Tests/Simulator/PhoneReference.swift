/// A REFER that a phone has accepted: it calls somebody, and tells how that goes.
final class PhoneReference {
    enum Telling {
        case well
        /// Only the end, and that late.
        case late(UInt64)
        /// The end before the beginning.
        case disordered
        case never
    }

    /// In which the REFER came.
    let dialog: PhoneDialog
    let telling: Telling
    var isOver = false

    init(dialog: PhoneDialog, telling: Telling) {
        self.dialog = dialog
        self.telling = telling
    }
}
