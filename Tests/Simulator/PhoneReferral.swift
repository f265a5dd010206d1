/// A REFER of a phone's: the other party is to talk to somebody else.
final class PhoneReferral {
    /// When the phone hangs up.
    enum Leaving {
        /// It waits until it is hung up on.
        case never
        case onceAccepted
        case onceTold
        /// It is gone as soon as the transfer begins.
        case vanishes
    }

    /// The CSeq number, by which NOTIFYs may name it.
    let sequence: UInt32
    let leaving: Leaving
    /// The final response; nil: there is none.
    var status: UInt16?
    /// The CSeq number of the NOTIFY that has told how it ended; what was sent before it may come later.
    var lastNotice: UInt32?
    /// It has refused a NOTIFY, or not answered one: no other has to come.
    var isSpoilt = false

    init(sequence: UInt32, leaving: Leaving) {
        self.sequence = sequence
        self.leaving = leaving
    }

    var isTold: Bool { self.lastNotice != nil }
    /// Whether another one may follow.
    var isOver: Bool { self.isTold || (self.status ?? 0) >= 300 }
}
