/// An `m=` line and the lines that belong to it (RFC 8866 §5.14).
package struct MediaSection: Hashable, Sendable, SDPLines {
    /// `audio`, `video`, `application` and others.
    package var kind: Substring
    /// 0: refused, or not offered.
    package var port: UInt16
    /// The number of ports of layered media, as in `49170/2`; nil where it is not stated.
    package var portCount: UInt16?
    /// `RTP/AVP`, `UDP/TLS/RTP/SAVPF` and others.
    package var transportProtocol: Substring
    /// The formats with the spaces between them.
    package var formatList: Substring
    package var lines: [SDPLine]

    package init(
        kind: Substring,
        port: UInt16,
        portCount: UInt16? = nil,
        transportProtocol: Substring,
        formatList: Substring,
        lines: [SDPLine] = []
    ) {
        self.kind = kind
        self.port = port
        self.portCount = portCount
        self.transportProtocol = transportProtocol
        self.formatList = formatList
        self.lines = lines
    }

    /// Reads the value of an `m=` line; nil where a field is missing or the port is none.
    init?(_ value: Substring) {
        var fields = SDPFields(value)
        guard let kind = fields.next(), let ports = fields.next(), let transportProtocol = fields.next() else {
            return nil
        }
        let formatList = fields.remaining()
        var scanner = TextScanner(ports)
        guard !formatList.isEmpty, let port = scanner.takeDecimal(maximum: 65_535) else { return nil }
        var portCount: UInt16?
        if scanner.skip(UInt8(ascii: "/")) {
            guard let count = scanner.takeDecimal(maximum: 65_535), count > 0 else { return nil }
            portCount = UInt16(count)
        }
        guard scanner.isAtEnd else { return nil }
        self.init(
            kind: kind,
            port: UInt16(port),
            portCount: portCount,
            transportProtocol: transportProtocol,
            formatList: formatList
        )
    }

    /// The formats: payload types, for RTP.
    package var formats: [Substring] {
        var fields = SDPFields(self.formatList)
        var formats: [Substring] = []
        while let format = fields.next() { formats.append(format) }
        return formats
    }

    /// `a=mid`, which ICE and BUNDLE name the section by; nil where it is missing or empty.
    package var mid: Substring? {
        guard let mid = self.attribute("mid"), !mid.isEmpty else { return nil }
        return mid
    }

    /// The value of `a=rtpmap` for that format, as in `opus/48000/2`; nil where it has none.
    package func encoding(of format: Substring) -> Substring? {
        self.value(of: "rtpmap", format: format)
    }

    /// The value of `a=fmtp` for that format; nil where it has none.
    package func formatParameters(of format: Substring) -> Substring? {
        self.value(of: "fmtp", format: format)
    }

    private func value(of name: String, format: Substring) -> Substring? {
        for line in self.lines {
            guard let value = line.value(ofAttribute: name) else { continue }
            var fields = SDPFields(value)
            if fields.next() == format { return fields.remaining() }
        }
        return nil
    }

    /// An upper bound of what `write` appends.
    var writtenSizeBound: Int {
        // "m=", a port, its count, four separators and the line's end.
        18 + self.kind.utf8.count + self.transportProtocol.utf8.count + self.formatList.utf8.count
            + self.linesSizeBound
    }

    func write(into output: inout [UInt8]) {
        output.append(literal: "m=")
        output.append(sdp: self.kind)
        output.append(UInt8(ascii: " "))
        output.append(decimal: UInt64(self.port))
        if let portCount = self.portCount {
            output.append(UInt8(ascii: "/"))
            output.append(decimal: UInt64(portCount))
        }
        output.append(UInt8(ascii: " "))
        output.append(sdp: self.transportProtocol)
        output.append(UInt8(ascii: " "))
        output.append(sdp: self.formatList)
        output.append(literal: "\r\n")
        self.writeLines(into: &output)
    }
}
