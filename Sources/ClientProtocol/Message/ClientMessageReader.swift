/// Reads what a client sent: one text frame, one JSON object, one action.
///
/// Names and types are those of the user's page and of gateway-profile §4. Unknown fields are ignored; a field that this
/// reader knows may be there only once. Ids, `offer`, `answer`, `candidate` and `request_id` keep their bytes.
package enum ClientMessageReader {
    /// The request in a frame.
    ///
    /// - Throws: `bad_json`, `bad_message` or `unknown_action`, with the `action` and `request_id` where they could be
    ///   read.
    package static func read(_ bytes: Span<UInt8>) throws(ClientError) -> ClientRequest {
        var scanner = JSONScanner()
        guard scanner.isAtObject(in: bytes) else { throw Self.errorOfNoObject(bytes) }
        var fields = ClientMessageFields()
        do {
            try scanner.enterObject(in: bytes)
            while let member = try scanner.nextMember(in: bytes) {
                if let field = ClientMessageFields.Field(member.key, in: bytes) { fields.note(field, member.value) }
            }
            try scanner.end(in: bytes)
        } catch {
            throw fields.error(.badJSON, Self.explain(error), in: bytes)
        }
        if let field = fields.duplicate {
            throw fields.error(.badMessage, "`\(field.rawValue)` is there twice.", in: bytes)
        }
        return try fields.request(in: bytes)
    }

    /// The request in a frame that lies in a buffer, which is not copied.
    ///
    /// - Throws: as ``read(_:)-(Span<UInt8>)``.
    package static func read(_ bytes: UnsafeRawBufferPointer) throws(ClientError) -> ClientRequest {
        try Self.read(RawSpan(_unsafeBytes: bytes)._unsafeView(as: UInt8.self))
    }

    private static func errorOfNoObject(_ bytes: Span<UInt8>) -> ClientError {
        var scanner = JSONScanner()
        do {
            _ = try scanner.value(in: bytes)
            try scanner.end(in: bytes)
            return ClientError(code: .badMessage, message: "A message is a JSON object.")
        } catch {
            return ClientError(code: .badJSON, message: Self.explain(error))
        }
    }

    private static func explain(_ fault: JSONFault) -> String {
        "Not JSON: \(fault.explanation), at byte \(fault.offset)."
    }
}
