import DemoPhone
import Logging
import NIOCore
import NIOPosix
import SIPCore
import TestSupport
import Testing

/// A phone that calls the one under test, with SIP written by hand.
struct Caller: Sendable {
    /// A response, as far as the tests look at it.
    struct Response: Hashable, Sendable {
        var status: Int
        var method: String
        var toTag: String
        var fields: [String: String]
        var body: String

        init(_ text: String) throws {
            let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            let lines = parts[0].split(separator: "\r\n")
            self.status = try #require(Int(lines[0].split(separator: " ")[1]))
            self.body = parts.count > 1 ? String(parts[1]) : ""
            self.fields = [:]
            for line in lines.dropFirst() {
                let pair = line.split(separator: ": ", maxSplits: 1)
                self.fields[String(pair[0])] = pair.count > 1 ? String(pair[1]) : ""
            }
            self.method = self.fields["CSeq"]?.split(separator: " ").last.map { String($0) } ?? ""
            self.toTag = self.fields["To"]?.split(separator: "tag=").dropFirst().first.map { String($0) } ?? ""
        }

        /// The lines of the body.
        var lines: [Substring] { self.body.split(separator: "\r\n") }

        /// The port of its audio.
        var mediaPort: UInt16 {
            get throws {
                let line = try #require(self.lines.first { $0.hasPrefix("m=audio ") })
                return try #require(UInt16(line.split(separator: " ")[1]))
            }
        }
    }

    let sip: UDPSocket
    let rtp: UDPSocket
    let phone: UInt16

    // MARK: Requests

    /// Sends a request of the dialog.
    ///
    /// - Parameters:
    ///   - method: Its name.
    ///   - number: The user part of the Request-URI.
    ///   - sequence: The number of CSeq.
    ///   - tag: The phone's, within a dialog.
    ///   - branch: What tells the transaction; nil: the sequence number does.
    ///   - sdp: The body.
    /// - Throws: what the socket throws.
    func send(
        _ method: String,
        to number: String,
        sequence: Int,
        tag: String = "",
        branch: String? = nil,
        sdp: String? = nil
    ) async throws {
        let to = tag.isEmpty ? "" : ";tag=\(tag)"
        let type = sdp == nil ? "" : "Content-Type: application/sdp\r\n"
        let text = """
            \(method) sip:\(number)@127.0.0.1:\(self.phone) SIP/2.0\r
            Via: SIP/2.0/UDP 127.0.0.1:\(self.sip.port);branch=z9hG4bK-\(branch ?? "\(sequence)");rport\r
            Max-Forwards: 70\r
            From: <sip:caller@127.0.0.1>;tag=caller\r
            To: <sip:\(number)@127.0.0.1>\(to)\r
            Call-ID: call-\(self.sip.port)\r
            CSeq: \(sequence) \(method)\r
            Contact: <sip:caller@127.0.0.1:\(self.sip.port)>\r
            \(type)Content-Length: \(sdp?.utf8.count ?? 0)\r
            \r
            \(sdp ?? "")
            """
        try await self.sip.send(Array(text.utf8), to: self.phone)
    }

    /// The next response that is no 100.
    func response() async throws -> Response {
        while true {
            let response = try Response(String(decoding: try await self.sip.inbox.next(), as: UTF8.self))
            if response.status != 100 { return response }
        }
    }

    /// Calls, and gives the final response, ACKed.
    func call(
        _ number: String,
        sdp: String?,
        answer: String? = nil,
        sequence: Int = 1,
        tag: String = ""
    ) async throws
        -> Response
    {
        try await self.send("INVITE", to: number, sequence: sequence, tag: tag, sdp: sdp)
        let response = try await self.response()
        // The ACK of a refusal belongs to the INVITE's transaction (RFC 3261 §17.1.1.3).
        let branch = response.status < 300 ? "ack-\(sequence)" : nil
        try await self.send(
            "ACK",
            to: number,
            sequence: sequence,
            tag: response.toTag,
            branch: branch,
            sdp: answer
        )
        return response
    }

    // MARK: Descriptions

    /// A description of the caller with one audio stream.
    func sdp(_ formats: String, _ lines: String..., address: String = "127.0.0.1") -> String {
        """
        v=0\r
        o=- 1 1 IN IP4 127.0.0.1\r
        s=-\r
        c=IN IP4 \(address)\r
        t=0 0\r
        m=audio \(self.rtp.port) RTP/AVP \(formats)\r
        \(lines.map { $0 + "\r\n" }.joined())
        """
    }

    // MARK: Running

    /// Runs `body` with a phone and a caller, and ends both.
    static func with(
        _ configuration: DemoPhone.Configuration = DemoPhone.Configuration(),
        _ body: (Caller, DemoPhone) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let phone = try await DemoPhone.start(configuration, on: group.next(), logger: Logger(label: "test"))
        let result: Result<Void, any Error>
        do {
            let caller = Caller(sip: try await UDPSocket(), rtp: try await UDPSocket(), phone: phone.address.port)
            try await body(caller, phone)
            try await caller.sip.close()
            try await caller.rtp.close()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await phone.shutdown()
        try await group.shutdownGracefully()
        try result.get()
    }
}
