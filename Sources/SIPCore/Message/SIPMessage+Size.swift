extension SIPMessage {
    /// An upper bound of the bytes that `SIPWriter` makes of it, without writing; for the rule on requests of more than
    /// 1300 bytes (RFC 3261 §18.1.1).
    ///
    /// Exact where every value is well-formed, so that the writer drops nothing.
    package var writtenSizeBound: Int {
        switch self {
        case .request(let request): request.writtenSizeBound
        case .response(let response): response.writtenSizeBound
        }
    }
}

extension SIPRequest {
    /// An upper bound of its bytes on the wire; see `SIPMessage.writtenSizeBound`.
    package var writtenSizeBound: Int {
        // "M U SIP/2.0\r\n"
        self.method.name.utf8.count + self.uri.writtenSizeBound + 11 + self.headers.writtenSizeBound(body: self.body)
    }
}

extension SIPResponse {
    /// An upper bound of its bytes on the wire; see `SIPMessage.writtenSizeBound`.
    package var writtenSizeBound: Int {
        // "SIP/2.0 S R\r\n"
        UInt64(self.status).decimalCount + self.reason.utf8.count + 11 + self.headers.writtenSizeBound(body: self.body)
    }
}

extension SIPHeaders {
    /// Each number is the length of the field's name, ": " and the line's end.
    fileprivate func writtenSizeBound(body: [UInt8]) -> Int {
        var size = 0
        for via in self.via { size += 7 + via.writtenSizeBound }
        if let maxForwards = self.maxForwards { size += 16 + UInt64(maxForwards).decimalCount }
        for address in self.route { size += 9 + address.writtenSizeBound }
        for address in self.recordRoute { size += 16 + address.writtenSizeBound }
        size += 8 + self.from.writtenSizeBound
        size += 6 + self.to.writtenSizeBound
        size += 11 + self.callID.utf8.count
        size += 9 + UInt64(self.cSeq.number).decimalCount + self.cSeq.method.name.utf8.count
        for contact in self.contact {
            switch contact {
            case .all: size += 12
            case .address(let address): size += 11 + address.writtenSizeBound
            }
        }
        for field in self.fields { size += 4 + field.name.utf8.count + field.value.utf8.count }
        if let contentType = self.contentType { size += 16 + contentType.utf8.count }
        return size + 20 + UInt64(body.count).decimalCount + body.count
    }
}
