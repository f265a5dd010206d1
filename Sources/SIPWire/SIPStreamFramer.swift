/// Cuts the messages out of a byte stream, in whatever pieces it arrives (RFC 3261 §18.3).
///
/// It finds the end of each head and believes its Content-Length, which a stream must have; the message is read by
/// `SIPWireParser`. It holds at most one incomplete message and what was appended behind it.
package struct SIPStreamFramer: Sendable {
    package enum Element: Hashable, Sendable {
        /// A whole message.
        case message([UInt8])
        /// CRLF CRLF: a keep-alive, to be answered with one CRLF (RFC 5626 §3.5.1).
        case ping
    }

    private enum State {
        /// `lineEnds` counts the CRLFs since the last element.
        case betweenMessages(lineEnds: Int)
        /// The first `scanned` bytes do not hold the end of the head.
        case inHead(scanned: Int)
        case inBody(message: Int)
        case failed(SIPWireFault)
    }

    private let limits: SIPWireLimits
    private var scanner = HeadScanner()
    private var state = State.betweenMessages(lineEnds: 0)
    private var buffer: [UInt8] = []
    /// Where in `buffer` the part begins that has not been handed out.
    private var start = 0

    package init(limits: SIPWireLimits = SIPWireLimits()) {
        self.limits = limits
    }

    /// Bytes that wait for the rest of their message.
    package var pending: Int { self.buffer.count - self.start }

    /// Takes bytes as they arrive; then ask `next` until it gives nil.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        if self.start == self.buffer.count {
            self.buffer.removeAll(keepingCapacity: self.buffer.count <= 2 * self.limits.head)
            self.start = 0
        } else if self.start > self.limits.head, self.start > self.buffer.count / 2 {
            self.buffer.removeFirst(self.start)
            self.start = 0
        }
        self.buffer.append(contentsOf: bytes)
    }

    /// The next element; nil where more bytes are needed.
    ///
    /// - Throws: `SIPFramingError` where the stream is lost, then and from then on.
    package mutating func next() throws(SIPFramingError) -> Element? {
        while true {
            switch self.state {
            case .betweenMessages(let lineEnds):
                guard let first = self.byte(0) else { return nil }
                guard first == .carriageReturn else {
                    // Not SIP at all, a TLS handshake for one: no use to wait for the end of a head.
                    guard first.isToken else { throw self.fail(.badStartLine, head: 0) }
                    self.state = .inHead(scanned: 0)
                    continue
                }
                guard let second = self.byte(1) else { return nil }
                guard second == .lineFeed else { throw self.fail(.badStartLine, head: 0) }
                self.start += 2
                guard lineEnds == 0 else {
                    self.state = .betweenMessages(lineEnds: 0)
                    return .ping
                }
                self.state = .betweenMessages(lineEnds: 1)
            case .inHead(let scanned):
                guard let head = self.headEnd(from: scanned) else {
                    guard self.pending <= self.limits.head else { throw self.fail(.tooLarge, head: self.limits.head) }
                    self.state = .inHead(scanned: max(0, self.pending - 3))
                    return nil
                }
                guard head <= self.limits.head else { throw self.fail(.tooLarge, head: self.limits.head) }
                self.state = .inBody(message: head + (try self.contentLength(head: head)))
            case .inBody(let message):
                guard self.pending >= message else { return nil }
                let bytes = Array(self.buffer[self.start..<self.start + message])
                self.start += message
                self.state = .betweenMessages(lineEnds: 0)
                return .message(bytes)
            case .failed(let fault):
                throw SIPFramingError(fault)
            }
        }
    }

    private func byte(_ offset: Int) -> UInt8? {
        let index = self.start + offset
        return index < self.buffer.count ? self.buffer[index] : nil
    }

    /// The length of the head, with the empty line; nil where its end is not there yet.
    private func headEnd(from scanned: Int) -> Int? {
        var index = self.start + scanned
        let last = min(self.buffer.count, self.start + self.limits.head) - 4
        while index <= last {
            if self.buffer[index] == .carriageReturn, self.buffer[index + 1] == .lineFeed,
                self.buffer[index + 2] == .carriageReturn, self.buffer[index + 3] == .lineFeed
            {
                return index + 4 - self.start
            }
            index += 1
        }
        return nil
    }

    private mutating func contentLength(head: Int) throws(SIPFramingError) -> Int {
        let bytes = self.buffer
        self.scanner.scan(bytes.span.extracting(self.start..<self.start + head), limits: self.limits)
        var value: Range<Int>?
        for line in self.scanner.lines where line.header == .contentLength {
            guard value == nil else { throw self.fail(.repeated("Content-Length"), head: head) }
            value = self.start + line.value.lowerBound..<self.start + line.value.upperBound
        }
        guard let value else { throw self.fail(.missing("Content-Length"), head: head) }
        guard let length = bytes.span.decimal(value, maximum: 1 << 40) else {
            throw self.fail(.malformed("Content-Length"), head: head)
        }
        guard Int(length) <= self.limits.body else { throw self.fail(.tooLarge, head: head) }
        return Int(length)
    }

    private mutating func fail(_ fault: SIPWireFault, head: Int) -> SIPFramingError {
        let error = SIPFramingError(fault, head: Array(self.buffer[self.start...].prefix(head)))
        self.state = .failed(fault)
        self.buffer = []
        self.start = 0
        return error
    }
}
