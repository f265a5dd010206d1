extension JSONFragment {
    /// Reads the fragment as an `RTCSessionDescriptionInit`: its `type` as it stands there (`offer`, `answer`, …), and the
    /// bytes of its SDP.
    ///
    /// - Throws: `bad_message` where `type` or `sdp` is missing, empty, twice there or not a string.
    package func sessionDescription() throws(ClientError) -> (type: String, sdp: [UInt8]) {
        let bytes = self.utf8.span
        let members = try Self.members(of: bytes, named: ["type", "sdp"])
        guard let type = members[0], let sdp = members[1], let name = JSONText.string(type, in: bytes), !name.isEmpty,
            let text = JSONText.decode(sdp, in: bytes), !text.isEmpty
        else {
            throw Self.badMessage("A session description needs `type` and `sdp`, both strings.")
        }
        return (name, text)
    }

    /// Makes an `RTCSessionDescriptionInit` of a type (`offer`, `answer`, `pranswer`, `rollback`) and an SDP in valid UTF-8.
    package static func sessionDescription(type: String, sdp: [UInt8]) -> JSONFragment {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sdp.count + sdp.count / 16 + 32)
        JSONOutput.append(#"{"type":"#, to: &bytes)
        JSONOutput.append(string: type, to: &bytes)
        JSONOutput.append(#","sdp":"#, to: &bytes)
        sdp.withUnsafeBufferPointer { JSONOutput.append(string: $0, to: &bytes) }
        bytes.append(UInt8(ascii: "}"))
        return JSONFragment(utf8: bytes)
    }

    /// Reads the fragment as an `RTCIceCandidateInit`.
    ///
    /// - Returns: nil for the end of candidates: null, or a `candidate` that is empty or missing (its default is the
    ///   empty string).
    /// - Throws: `bad_message` where a member is of another type than WebRTC gives it, or twice there.
    package func candidate() throws(ClientError) -> CandidateInit? {
        let bytes = self.utf8.span
        var scanner = JSONScanner()
        if !scanner.isAtObject(in: bytes) {
            do {
                let isNull = try scanner.value(in: bytes).kind == .null
                try scanner.end(in: bytes)
                if isNull { return nil }
            } catch {}
            throw Self.badMessage("A candidate is an object or null.")
        }
        let members = try Self.members(
            of: bytes,
            named: ["candidate", "sdpMid", "sdpMLineIndex", "usernameFragment"]
        )
        let candidate = try Self.text(members[0], in: bytes)
        let sdpMid = try Self.text(members[1], in: bytes)
        let index = try Self.uint16(members[2], in: bytes)
        let usernameFragment = try Self.text(members[3], in: bytes)
        guard let candidate, !candidate.isEmpty else { return nil }
        return CandidateInit(
            candidate: candidate,
            sdpMid: sdpMid,
            sdpMLineIndex: index,
            usernameFragment: usernameFragment
        )
    }

    /// An `RTCIceCandidateInit`; nil makes the one that ends the candidates.
    package static func candidate(_ candidate: CandidateInit?) -> JSONFragment {
        var bytes: [UInt8] = []
        JSONOutput.append(#"{"candidate":"#, to: &bytes)
        JSONOutput.append(string: candidate?.candidate ?? "", to: &bytes)
        if let sdpMid = candidate?.sdpMid {
            JSONOutput.append(#","sdpMid":"#, to: &bytes)
            JSONOutput.append(string: sdpMid, to: &bytes)
        }
        if let index = candidate?.sdpMLineIndex {
            JSONOutput.append(#","sdpMLineIndex":"#, to: &bytes)
            JSONOutput.append(number: UInt64(index), to: &bytes)
        }
        if let usernameFragment = candidate?.usernameFragment {
            JSONOutput.append(#","usernameFragment":"#, to: &bytes)
            JSONOutput.append(string: usernameFragment, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return JSONFragment(utf8: bytes)
    }

    /// The members of an object that have these names, each nil where it is missing or null.
    private static func members(
        of bytes: Span<UInt8>,
        named names: [StaticString]
    ) throws(ClientError) -> [JSONValue?] {
        var found = [JSONValue?](repeating: nil, count: names.count)
        var isTwice = false
        do {
            var scanner = JSONScanner()
            try scanner.enterObject(in: bytes)
            while let member = try scanner.nextMember(in: bytes) {
                for (index, name) in names.enumerated() where JSONText.says(member.key, in: bytes, name) {
                    isTwice = isTwice || found[index] != nil
                    found[index] = member.value
                }
            }
            try scanner.end(in: bytes)
        } catch {
            throw Self.badMessage("Not a JSON object: \(error.explanation).")
        }
        guard !isTwice else { throw Self.badMessage("A member is there twice.") }
        return found.map { $0?.kind == .null ? nil : $0 }
    }

    private static func text(_ value: JSONValue?, in bytes: Span<UInt8>) throws(ClientError) -> String? {
        guard let value else { return nil }
        guard let text = JSONText.string(value, in: bytes) else {
            throw Self.badMessage("`candidate`, `sdpMid` and `usernameFragment` are strings.")
        }
        return text
    }

    private static func uint16(_ value: JSONValue?, in bytes: Span<UInt8>) throws(ClientError) -> UInt16? {
        guard let value else { return nil }
        guard value.kind == .number(integer: true), value.range.count <= 5,
            let number = UInt16(JSONText.string(bytes, value.range))
        else { throw Self.badMessage("`sdpMLineIndex` is an integer from 0 to 65535.") }
        return number
    }

    private static func badMessage(_ message: String) -> ClientError {
        ClientError(code: .badMessage, message: message)
    }
}
