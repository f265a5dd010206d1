import Glibc
import SIPCore
import SIPTransport
import TestSupport

/// A domain name system that holds what a test says, and tells what it was asked.
final class ScriptedNames: NameSource {
    private let zone: [DNSQuestion: [DNSRecord]]
    private let asked: Inbox<DNSQuestion>?
    private var answers: [(DNSQuestion, DNSAnswer)] = []

    init(_ zone: [DNSQuestion: [DNSRecord]], asked: Inbox<DNSQuestion>? = nil) {
        self.zone = zone
        self.asked = asked
    }

    /// What makes one, as a transport takes it.
    static func source(
        _ zone: [DNSQuestion: [DNSRecord]],
        asked: Inbox<DNSQuestion>? = nil
    ) -> @Sendable () -> any NameSource {
        { ScriptedNames(zone, asked: asked) }
    }

    func ask(_ question: DNSQuestion) {
        self.asked?.put(question)
        self.answers.append((question, DNSAnswer(records: self.zone[question] ?? [], lifetime: .seconds(60))))
    }

    func wait(for bell: CInt, _ answered: (DNSQuestion, DNSAnswer) -> Void) {
        var bell = [pollfd(fd: bell, events: Int16(POLLIN), revents: 0)]
        if self.answers.isEmpty { _ = poll(&bell, 1, -1) }
        let answers = self.answers
        self.answers = []
        for (question, answer) in answers { answered(question, answer) }
    }

    func close() {}
}
