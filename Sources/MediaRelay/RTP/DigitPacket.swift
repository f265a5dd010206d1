/// A telephone-event packet that has to go out.
package struct DigitPacket: Hashable, Sendable {
    /// In bytes.
    package static let length = RTPHeader.length + TelephoneEvent.length

    package var header: RTPHeader
    package var event: TelephoneEvent

    package init(header: RTPHeader, event: TelephoneEvent) {
        self.header = header
        self.event = event
    }

    /// Writes the packet from the first byte on.
    ///
    /// - Returns: its length; nil where there is no room.
    package func write(into bytes: inout MutableRawSpan) -> Int? {
        guard bytes.byteCount >= Self.length, let payload = self.header.write(into: &bytes),
            self.event.write(into: &bytes, at: payload)
        else { return nil }
        return Self.length
    }
}
