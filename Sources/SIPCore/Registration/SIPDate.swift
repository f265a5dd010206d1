/// The Date of a message (RFC 3261 §20.17).
package enum SIPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sat, 13 Nov 2010 23:29:00 GMT`, of a time in seconds since 1970.
    package static func text(_ unixTime: UInt64) -> String {
        // Beyond the year 9999 there is no such form.
        let time = min(unixTime, 253_402_300_799)
        let days = time / 86_400
        let second = time % 86_400
        // Counted in years that begin in March, a leap day is the last of its year; eras of 400 years are alike.
        let shifted = days + 719_468
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 2 : shiftedMonth - 10
        let year = yearOfEra + shifted / 146_097 * 400 + (month < 2 ? 1 : 0)
        let clock = "\(self.two(second / 3_600)):\(self.two(second / 60 % 60)):\(self.two(second % 60))"
        return "\(self.days[Int(days % 7)]), \(self.two(day)) \(self.months[Int(month)]) \(year) \(clock) GMT"
    }

    private static func two(_ number: UInt64) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
