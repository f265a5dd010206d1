import ClientProtocol
import Testing

@Suite("Broken messages") struct ClientMessageMutationTests {
    @Test("No truncation of a valid message is valid", arguments: Samples.requests.indices)
    func truncations(index: Int) {
        let bytes = Array(Samples.requests[index].text.utf8)
        for length in 0..<bytes.count {
            guard case .failure(let error) = read(Array(bytes[..<length])) else {
                Issue.record("\(length) bytes of \(Samples.requests[index].name) were taken")
                continue
            }
            #expect(error.code == .badJSON)
        }
    }

    /// What is taken must be valid JSON, and what is made of it must be writable: checked by reading it once more.
    @Test(
        "Each change of one byte is taken whole or refused, and never stops the process",
        arguments: Samples.requests.indices
    )
    func mutations(index: Int) {
        let original = Array(Samples.requests[index].text.utf8)
        var taken = 0
        var faults: [[UInt8]] = []
        for position in original.indices {
            for byte in UInt8.min...UInt8.max where byte != original[position] {
                var bytes = original
                bytes[position] = byte
                switch read(bytes) {
                case .success(let request):
                    taken += 1
                    if !Self.fragments(of: request).allSatisfy(Self.isJSON) { faults.append(bytes) }
                case .failure(let error):
                    var message: [UInt8] = []
                    ClientMessageWriter.write(.error(error), into: &message)
                    if !Self.codes.contains(error.code) || !Self.isJSON(JSONFragment(utf8: message)) {
                        faults.append(bytes)
                    }
                }
            }
        }
        #expect(taken > 0)
        #expect(faults == [])
    }

    @Test("Each change of one byte of a fragment is read or refused", arguments: [Samples.offer, Samples.candidate])
    func fragmentMutations(fragment: JSONFragment) {
        var taken = 0
        for position in fragment.utf8.indices {
            for byte in UInt8.min...UInt8.max where byte != fragment.utf8[position] {
                var mutated = fragment
                mutated.utf8[position] = byte
                if let description = try? mutated.sessionDescription() { taken += description.sdp.isEmpty ? 0 : 1 }
                if let candidate = try? mutated.candidate() { taken += candidate.candidate.isEmpty ? 0 : 1 }
            }
        }
        #expect(taken > 0)
    }

    @Test("Each deleted, doubled or swapped byte is taken whole or refused") func edits() {
        for sample in Samples.requests {
            let original = Array(sample.text.utf8)
            for position in original.indices {
                var deleted = original
                deleted.remove(at: position)
                var doubled = original
                doubled.insert(original[position], at: position)
                var swapped = original
                swapped.swapAt(position, (position + 1) % original.count)
                for bytes in [deleted, doubled, swapped] {
                    if case .success(let request) = read(bytes) {
                        #expect(Self.fragments(of: request).allSatisfy(Self.isJSON))
                    }
                }
            }
        }
    }

    private static let codes: Set<ClientError.Code> = [.badJSON, .badMessage, .unknownAction]

    private static func isJSON(_ fragment: JSONFragment) -> Bool {
        var scanner = JSONScanner()
        do {
            _ = try scanner.value(in: fragment.utf8.span)
            try scanner.end(in: fragment.utf8.span)
            return String(validating: fragment.utf8, as: UTF8.self) != nil
        } catch {
            return false
        }
    }

    private static func fragments(of request: ClientRequest) -> [JSONFragment] {
        let fragment: JSONFragment? =
            switch request.action {
            case .startCall(_, let offer): offer
            case .answerCall(_, _, let answer): answer
            case .offer(_, _, let offer): offer
            case .answer(_, _, let answer): answer
            case .iceCandidate(_, _, let candidate): candidate
            case .rejectCall, .cancelCall, .hangUp, .hold, .resume, .dtmf, .transfer, .sendMessage: nil
            }
        return [fragment, request.requestID].compactMap { $0 }
    }
}
