import SIPCore

/// Builds the response to a request that could not be read, from whatever of it can.
enum Refusal {
    /// nil where nothing can be answered: to a response, to an ACK (RFC 3261 §17.1.1.3), without a method or a Via.
    ///
    /// A From, To or Call-ID that cannot be read is made up: the sender matches a response by the branch of its Via and
    /// by CSeq (RFC 3261 §17.1.3), and learns more from a 400 than from silence.
    static func response(
        to bytes: Swift.Span<UInt8>,
        _ scanner: borrowing HeadScanner,
        _ fault: SIPWireFault
    ) -> SIPResponse? {
        guard !StartLine.isResponse(scanner.startLine, of: bytes),
            let method = StartLine.method(scanner.startLine, of: bytes), method != .ack
        else { return nil }
        var via: ShortList<Via> = []
        var from: NameAddress?
        var to: NameAddress?
        var callID: String?
        var cSeq: CSeq?
        var isViaSound = true
        for line in scanner.lines {
            switch line.header {
            case .via where isViaSound:
                let text = scanner.text(line, of: bytes)
                if let list = ViaReader.list(text) {
                    via += list
                } else {
                    if let first = ViaReader.salvaged(text) { via.append(first) }
                    isViaSound = false
                }
            case .from where from == nil:
                from = self.address(scanner.text(line, of: bytes))
            case .to where to == nil:
                to = self.address(scanner.text(line, of: bytes))
            case .callID where callID == nil:
                callID = try? HeadFacts.callID(line, of: bytes)
            case .cSeq where cSeq == nil:
                cSeq = HeadFacts.cSeq(line, of: bytes)
            case .via, .from, .to, .callID, .cSeq, .maxForwards, .route, .recordRoute, .contact, .contentType,
                .contentLength, .other:
                break
            }
        }
        guard !via.isEmpty else { return nil }
        let nobody = NameAddress(uri: SIPURI(host: "anonymous.invalid"))
        var headers = SIPHeaders(
            via: via,
            from: from ?? nobody,
            to: to ?? nobody,
            callID: callID ?? "unknown",
            cSeq: cSeq ?? CSeq(0, method)
        )
        if headers.to.tag == nil { headers.to.tag = self.tag(for: headers) }
        return SIPResponse(status: fault.status, reason: fault.reason, headers: headers)
    }

    /// The address, or that of it which stands between `<` and `>`.
    private static func address(_ text: String) -> NameAddress? {
        if let address = NameAddress(text) { return address }
        guard let open = text.utf8.firstIndex(of: UInt8(ascii: "<")) else { return nil }
        return NameAddress(String(text[open...]))
    }

    /// The same for each retransmission, since nothing is remembered of what was refused (RFC 3261 §8.2.7): FNV-1a.
    private static func tag(for headers: SIPHeaders) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [headers.via.first?.branch ?? "", headers.callID, headers.from.tag ?? ""] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01B3
        }
        return String(hash, radix: 36)
    }
}
