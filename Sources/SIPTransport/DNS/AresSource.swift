internal import CAres
internal import Glibc
internal import SIPCore

/// The domain name system by c-ares: the system's hosts file, and its name servers or others.
@safe
final class AresSource: NameSource {
    /// What one question of c-ares takes along.
    private final class Ticket {
        let source: AresSource
        let question: DNSQuestion

        init(_ source: AresSource, _ question: DNSQuestion) {
            self.source = source
            self.question = question
        }
    }

    /// How long the first try of a question waits for its answer.
    private static let timeout: CInt = 1_500
    private static let tries: CInt = 2
    /// How long a line of the hosts file holds: it may be edited.
    private static let hostsLifetime = Span.seconds(5)

    private var channel: ares_channel?
    private var answers: [(DNSQuestion, DNSAnswer)] = []

    /// - Parameter servers: As `192.0.2.1:53`, IPv6 in brackets; none: those of the system.
    init(servers: [String]) {
        unsafe self.channel = nil
        guard ares_library_init(ARES_LIB_INIT_ALL) == 0 else { return }
        var channel: ares_channel?
        guard unsafe switchhook_ares_open(&channel, Self.timeout, Self.tries) == 0 else { return }
        if !servers.isEmpty, unsafe ares_set_servers_ports_csv(channel, servers.joined(separator: ",")) != 0 {
            unsafe ares_destroy(channel)
            return
        }
        unsafe self.channel = channel
    }

    func close() {
        guard let channel = unsafe self.channel else { return }
        unsafe self.channel = nil
        // Each question under way is told that it is over, which lets go of its ticket.
        unsafe ares_destroy(channel)
    }

    func ask(_ question: DNSQuestion) {
        if let answer = self.wellKnown(question) {
            self.answers.append((question, answer))
            return
        }
        guard let channel = unsafe self.channel else {
            self.answers.append((question, .failure))
            return
        }
        let ticket = unsafe Unmanaged.passRetained(Ticket(self, question)).toOpaque()
        let told: ares_callback = { ticket, status, _, bytes, count in
            guard let ticket = unsafe ticket else { return }
            let held = unsafe Unmanaged<Ticket>.fromOpaque(ticket).takeRetainedValue()
            let message = unsafe bytes.map { unsafe Array(UnsafeBufferPointer(start: $0, count: Int(count))) }
            held.source.answered(held.question, status, message)
        }
        let kind = CInt(question.kind.code)
        switch question.kind {
        case .ipv4, .ipv6:
            // A name that an operator wrote may be meant within the system's search list.
            unsafe ares_search(channel, question.name, 1, kind, told, ticket)
        case .srv, .naptr:
            unsafe ares_query(channel, question.name, 1, kind, told, ticket)
        }
    }

    private func answered(_ question: DNSQuestion, _ status: CInt, _ message: [UInt8]?) {
        let answer: DNSAnswer
        switch status {
        case ARES_SUCCESS, ARES_ENODATA, ARES_ENOTFOUND:
            answer = message.flatMap { DNSMessageReader.read($0, question.kind) } ?? .failure
        default:
            answer = .failure
        }
        self.answers.append((question, answer))
    }

    // MARK: Without asking

    /// What the system's hosts file says, and `localhost`, which is nobody's to tell (RFC 6761 §6.3).
    private func wellKnown(_ question: DNSQuestion) -> DNSAnswer? {
        let name = question.name.hasSuffix(".") ? String(question.name.dropLast()) : question.name
        let family: CInt
        switch question.kind {
        case .ipv4: family = AF_INET
        case .ipv6: family = AF_INET6
        case .srv, .naptr: return nil
        }
        if name == "localhost" || name.hasSuffix(".localhost") {
            let host = family == AF_INET ? "127.0.0.1" : "::1"
            return DNSAnswer(records: [.address(host)], lifetime: Self.hostsLifetime)
        }
        guard let channel = unsafe self.channel else { return nil }
        var entry: UnsafeMutablePointer<hostent>?
        guard unsafe ares_gethostbyname_file(channel, name, family, &entry) == 0, let found = unsafe entry else {
            return nil
        }
        defer { unsafe ares_free_hostent(found) }
        var records: [DNSRecord] = []
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        var next = unsafe found.pointee.h_addr_list
        while let address = unsafe next?.pointee, records.count < 8 {
            if unsafe inet_ntop(family, address, &text, socklen_t(text.count)) != nil {
                let host = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                records.append(.address(String(decoding: host, as: UTF8.self)))
            }
            unsafe next = unsafe next?.successor()
        }
        return records.isEmpty ? nil : DNSAnswer(records: records, lifetime: Self.hostsLifetime)
    }

    // MARK: Waiting

    func wait(for bell: CInt, _ answered: (DNSQuestion, DNSAnswer) -> Void) {
        if self.answers.isEmpty { self.poll(bell) }
        let answers = self.answers
        self.answers = []
        for (question, answer) in answers { answered(question, answer) }
    }

    private func poll(_ bell: CInt) {
        var waiting = [pollfd(fd: bell, events: Int16(POLLIN), revents: 0)]
        var patience: CInt = -1
        if let channel = unsafe self.channel {
            var sockets = [ares_socket_t](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
            let wants = unsafe ares_getsock(channel, &sockets, CInt(sockets.count))
            for (index, socket) in sockets.enumerated() {
                var events = 0
                if switchhook_ares_wants_read(wants, CInt(index)) != 0 { events |= Int(POLLIN) }
                if switchhook_ares_wants_write(wants, CInt(index)) != 0 { events |= Int(POLLOUT) }
                if events != 0 { waiting.append(pollfd(fd: socket, events: Int16(events), revents: 0)) }
            }
            patience = unsafe switchhook_ares_wait(channel)
        }
        let ready = unsafe Glibc.poll(&waiting, nfds_t(waiting.count), patience)
        guard let channel = unsafe self.channel else { return }
        if ready > 0 {
            for one in waiting.dropFirst() where one.revents != 0 {
                let canRead = Int(one.revents) & ~Int(POLLOUT) != 0
                let canWrite = Int(one.revents) & Int(POLLOUT) != 0
                unsafe ares_process_fd(
                    channel,
                    canRead ? one.fd : ARES_SOCKET_BAD,
                    canWrite ? one.fd : ARES_SOCKET_BAD
                )
            }
        }
        // Whatever has waited too long.
        unsafe ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
    }
}
