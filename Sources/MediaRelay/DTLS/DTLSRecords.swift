/// The records that lie one after the other in a datagram (RFC 6347 §4.1).
///
/// What passes is whole; what a record holds is OpenSSL's to judge.
enum DTLSRecords {
    /// What a datagram is made of.
    struct Census: Equatable {
        /// Encrypted records of handshake and alert.
        var encrypted = 0
        /// Encrypted records of application data.
        var application = 0
    }

    private static let headerLength = 13
    private static let handshakeType: UInt8 = 22
    private static let applicationType: UInt8 = 23

    /// Counts the records of a datagram; nil where it is not made of whole DTLS 1.0 or 1.2 records alone.
    ///
    /// The version of a record may be 1.0 still, in a ClientHello (RFC 6347 §4.2.1).
    static func census(_ datagram: Swift.Span<UInt8>) -> Census? {
        var census = Census()
        var offset = 0
        repeat {
            guard let end = Self.end(of: datagram, at: offset), (20...Self.applicationType).contains(datagram[offset]),
                datagram[offset + 1] == 0xFE, datagram[offset + 2] >= 0xFD
            else { return nil }
            if datagram[offset + 3] != 0 || datagram[offset + 4] != 0 {
                if datagram[offset] == Self.applicationType {
                    census.application += 1
                } else {
                    census.encrypted += 1
                }
            }
            offset = end
        } while offset < datagram.count
        return census
    }

    /// Whether a datagram begins with an unencrypted ClientHello.
    static func isClientHello(_ datagram: Swift.Span<UInt8>) -> Bool {
        datagram.count > Self.headerLength && datagram[0] == Self.handshakeType && datagram[1] == 0xFE
            && datagram[3] == 0 && datagram[4] == 0 && datagram[Self.headerLength] == 1
    }

    /// Parts a flight into datagrams of whole records, each as full as `limit` bytes permit.
    static func datagrams(of flight: Swift.Span<UInt8>, limit: Int) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        var start = 0
        var end = 0
        while end < flight.count {
            let next = Self.end(of: flight, at: end) ?? flight.count
            if next - start > limit, end > start {
                datagrams.append(Self.copy(flight, start..<end))
                start = end
            }
            end = next
        }
        if end > start { datagrams.append(Self.copy(flight, start..<end)) }
        return datagrams
    }

    /// Where the record at `offset` ends; nil where the bytes end before.
    static func end(of bytes: Swift.Span<UInt8>, at offset: Int) -> Int? {
        guard bytes.count - offset >= Self.headerLength else { return nil }
        let end = offset + Self.headerLength + (Int(bytes[offset + 11]) << 8 | Int(bytes[offset + 12]))
        return end <= bytes.count ? end : nil
    }

    private static func copy(_ bytes: Swift.Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe Array(UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }
}
