package import ClientProtocol
import SIPCore

extension JSONFragment {
    /// The first ICE user fragment of a session description that nobody has read: the text behind `a=ice-ufrag:`.
    var iceUfrag: String? {
        let mark = Array("ice-ufrag:".utf8)
        var index = self.utf8.startIndex
        while let start = self.utf8[index...].firstIndex(of: mark[0]) {
            guard self.utf8[start...].starts(with: mark) else {
                index = start + 1
                continue
            }
            // Up to the escape of the line's end.
            let value = self.utf8[(start + mark.count)...].prefix {
                $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"")
            }
            return value.isEmpty || value.count > 256 ? nil : String(decoding: value, as: UTF8.self)
        }
        return nil
    }

    /// The ICE user fragment that a candidate says it belongs to.
    package var candidateUfrag: String? {
        guard let read = try? self.candidate() else { return nil }
        return read.usernameFragment ?? ICECandidateLine(read.candidate)?.ufrag.map { String($0) }
    }
}
