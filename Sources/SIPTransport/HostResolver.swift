internal import NIOCore
internal import NIOPosix
internal import SIPCore

/// Resolves host names off the loop, once for all who ask at the same time, and keeps the answers for a while.
///
/// A name that has no address is not kept: nothing asks for it again and again.
final class HostResolver {
    typealias Answer = ([SocketAddress]) -> Void

    private struct Entry {
        var addresses: [SocketAddress]
        var expiry: NIODeadline
    }

    /// Names kept, and names being resolved at once.
    private static let limit = 256

    private let eventLoop: any EventLoop
    private let lookup: HostLookup
    private let cacheTime: TimeAmount
    private let maximumWaiting: Int
    private var known: [String: Entry] = [:]
    private var waiting: [String: [Answer]] = [:]

    init(eventLoop: any EventLoop, lookup: HostLookup, cacheTime: Span, maximumWaiting: Int) {
        self.eventLoop = eventLoop
        self.lookup = lookup
        self.cacheTime = TimeAmount(cacheTime)
        self.maximumWaiting = maximumWaiting
    }

    /// Gives the addresses of a name, with any port; at once where they are known, and none where there are none.
    func resolve(_ host: String, _ answer: @escaping Answer) {
        if let entry = self.known[host], entry.expiry > .now() { return answer(entry.addresses) }
        guard host.isHostName else { return answer([]) }
        if let count = self.waiting[host]?.count {
            guard count < self.maximumWaiting else { return answer([]) }
            self.waiting[host, default: []].append(answer)
            return
        }
        guard self.waiting.count < Self.limit else { return answer([]) }
        self.waiting[host] = [answer]
        let lookup = self.lookup
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) { lookup.addresses(host) }
            .assumeIsolated().whenComplete { result in
                self.resolved(host, (try? result.get()) ?? [])
            }
    }

    private func resolved(_ host: String, _ addresses: [SocketAddress]) {
        if addresses.isEmpty {
            self.known[host] = nil
        } else {
            if self.known.count >= Self.limit { self.known.removeAll(keepingCapacity: true) }
            self.known[host] = Entry(addresses: addresses, expiry: .now() + self.cacheTime)
        }
        for answer in self.waiting.removeValue(forKey: host) ?? [] { answer(addresses) }
    }
}

extension TimeAmount {
    init(_ span: Span) {
        self = .nanoseconds(Int64(clamping: span.nanoseconds))
    }
}
