/// A message of rtpengine's ng protocol: a cookie, which the reply repeats, a space, and a dictionary.
package struct NGMessage: Hashable, Sendable {
    /// The most bytes of a cookie that are read.
    private static let cookieLimit = 128

    /// Printable, without spaces.
    package var cookie: String
    /// A dictionary.
    package var body: Bencode

    package init(cookie: String, body: Bencode) {
        self.cookie = cookie
        self.body = body
    }

    /// Reads a datagram; nil where it is malformed.
    package init?(_ datagram: [UInt8]) {
        guard let space = datagram.prefix(Self.cookieLimit + 1).firstIndex(of: UInt8(ascii: " ")), space > 0,
            datagram[..<space].allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let body = BencodeReader.read(datagram[(space + 1)...]), case .dictionary = body
        else { return nil }
        self.init(cookie: String(decoding: datagram[..<space], as: UTF8.self), body: body)
    }

    /// The datagram.
    package var bytes: [UInt8] {
        var output = Array(self.cookie.utf8)
        output.append(UInt8(ascii: " "))
        self.body.write(into: &output)
        return output
    }
}
