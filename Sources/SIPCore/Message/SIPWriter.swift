/// Makes wire bytes of messages, in one pass.
///
/// No value can break out of its place, whoever it came from:
/// - in text (field values, display names, reason phrases, quoted strings) every control character but the tab, so CR,
///   LF and NUL too, becomes one space;
/// - in words (methods, field names, URIs, hosts, tags, branches, Call-IDs) control characters and spaces are dropped,
///   and so are characters that would end that part of the grammar early; `@` and `:` of a user part become escapes;
/// - a quoted string that does not end is ended;
/// - a Content-Length among `SIPHeaders.fields` is left out: the length is the writer's, counted from the body.
///
/// A well-formed message passes as it is.
package enum SIPWriter {
    /// Appends the message as it goes out; Content-Length is always there, and last (RFC 3261 §18.3, §20.14).
    package static func write(_ message: SIPMessage, into output: inout [UInt8]) {
        switch message {
        case .request(let request): self.write(request, into: &output)
        case .response(let response): self.write(response, into: &output)
        }
    }

    /// Appends a request.
    package static func write(_ request: SIPRequest, into output: inout [UInt8]) {
        self.reserve(body: request.body, in: &output)
        output.append(request.method.name, keeping: .token)
        output.append(UInt8(ascii: " "))
        request.uri.write(into: &output)
        output.append(literal: " SIP/2.0\r\n")
        self.write(request.headers, body: request.body, into: &output)
    }

    /// Appends a response.
    package static func write(_ response: SIPResponse, into output: inout [UInt8]) {
        self.reserve(body: response.body, in: &output)
        output.append(literal: "SIP/2.0 ")
        output.append(decimal: UInt64(response.status))
        output.append(UInt8(ascii: " "))
        output.append(line: response.reason)
        output.append(literal: "\r\n")
        self.write(response.headers, body: response.body, into: &output)
    }

    private static func write(_ headers: SIPHeaders, body: [UInt8], into output: inout [UInt8]) {
        for via in headers.via {
            output.append(literal: "Via: ")
            via.write(into: &output)
            output.append(literal: "\r\n")
        }
        if let maxForwards = headers.maxForwards {
            output.append(literal: "Max-Forwards: ")
            output.append(decimal: UInt64(maxForwards))
            output.append(literal: "\r\n")
        }
        for address in headers.route { self.write("Route: ", address, into: &output) }
        for address in headers.recordRoute { self.write("Record-Route: ", address, into: &output) }
        self.write("From: ", headers.from, into: &output)
        self.write("To: ", headers.to, into: &output)
        output.append(literal: "Call-ID: ")
        output.append(headers.callID, keeping: .word)
        output.append(literal: "\r\nCSeq: ")
        output.append(decimal: UInt64(headers.cSeq.number))
        output.append(UInt8(ascii: " "))
        output.append(headers.cSeq.method.name, keeping: .token)
        output.append(literal: "\r\n")
        for contact in headers.contact {
            switch contact {
            case .all: output.append(literal: "Contact: *\r\n")
            case .address(let address): self.write("Contact: ", address, into: &output)
            }
        }
        for field in headers.fields where field.isWritten {
            output.append(field.name, keeping: .token)
            output.append(literal: ": ")
            output.append(line: field.value)
            output.append(literal: "\r\n")
        }
        if let contentType = headers.contentType {
            output.append(literal: "Content-Type: ")
            output.append(line: contentType)
            output.append(literal: "\r\n")
        }
        output.append(literal: "Content-Length: ")
        output.append(decimal: UInt64(body.count))
        output.append(literal: "\r\n\r\n")
        output.append(contentsOf: body)
    }

    private static func write(_ name: StaticString, _ address: NameAddress, into output: inout [UInt8]) {
        output.append(literal: name)
        address.write(into: &output)
        output.append(literal: "\r\n")
    }

    /// Makes room for the body and any usual head, and at least doubles it, so that many messages in one buffer stay cheap.
    private static func reserve(body: [UInt8], in output: inout [UInt8]) {
        let needed = output.count + body.count + 2048
        if output.capacity < needed { output.reserveCapacity(max(needed, 2 * output.capacity)) }
    }
}

extension SIPHeaders.Field {
    /// Whether the writer takes it: it has a name, and that is not Content-Length in either form.
    var isWritten: Bool {
        var spelled = self.name.utf8.lazy.filter { ByteSet.token.contains($0) }.map { $0.asciiLowercased }
            .makeIterator()
        switch spelled.next() {
        case nil: return false
        case UInt8(ascii: "l"): return spelled.next() != nil
        case UInt8(ascii: "c"):
            for byte in "ontent-length".utf8 where spelled.next() != byte { return true }
            return spelled.next() != nil
        case .some: return true
        }
    }
}
