import Glibc

/// What the system said to a socket call.
package struct SocketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `errno`.
    package var number: Int32

    package init(number: Int32) {
        self.number = number
    }

    var isAddressInUse: Bool { self.number == EADDRINUSE }

    package var description: String {
        guard let text = unsafe strerror(self.number) else { return "error \(self.number)" }
        return unsafe String(cString: text)
    }
}
