import COpenSSL
package import MediaCore
package import SIPCore

/// One DTLS 1.2 association of a leg, from the first flight to the keys of SRTP and to the end (RFC 6347, RFC 5764).
///
/// ## Function
/// Datagrams and time go in, datagrams and events come out; the owner is one media loop, and the session is not
/// `Sendable`. Keys are told of once both the handshake is done and the peer's certificate is one of the description's,
/// in whichever order: a peer's first flight may be quicker than its answer. No cookie is asked for (RFC 6347 §4.2.1),
/// for ICE has proved the peer's address before a datagram of it comes here.
///
/// A peer that begins anew is told by `isClientHello`. A session that is connected drops such a datagram, since
/// everyone can send it; only where the peer's description has changed too does the owner make a new session.
///
/// ## Implementation
/// OpenSSL reads and writes memory. It decides by itself, by the wall clock (`gettimeofday`), when a flight is due again;
/// `deadline` is that moment on the owner's clock. Where the wall clock steps forward, a flight is sent once too often;
/// where it steps back, retransmission waits, until the limit of the handshake at worst.
@safe
package final class DTLSSession {
    /// The most bytes of a datagram: what passes every path, tunnels included.
    package static let mtu = 1200

    /// The most bytes of one datagram that are read: more than any peer's certificate needs.
    private static let datagramLimit = 8192
    /// The most bytes that are read before there is an association; a handshake sent twelve times has about 24,000.
    private static let inboundLimit = 65_536
    /// The most encrypted records before there is an association.
    ///
    /// OpenSSL keeps those that come too early, each in a buffer of 16 KB.
    private static let earlyLimit = 24

    private enum State {
        case idle
        case handshaking(limit: Instant)
        /// The handshake is done, but nobody has told who the peer must be.
        case unverified(SRTPKeys, limit: Instant)
        case connected
        case closed
        case failed
    }

    /// When `timeoutReached` has to be called; nil: not at all.
    package private(set) var deadline: Instant?

    private let role: DTLSRole
    private let limit: SIPCore.Span
    private let ssl: OpaquePointer
    /// What comes in lies here until OpenSSL reads it, which it does at once.
    private let input: OpaquePointer
    private let output: OpaquePointer
    private var state = State.idle
    private var fingerprints: [DTLSFingerprint]
    private var received = 0
    private var early = 0
    /// What has to be sent, until the action takes it.
    private var outgoing: [[UInt8]] = []

    /// - Parameters:
    ///   - certificate: what we show.
    ///   - role: who sends the ClientHello.
    ///   - fingerprints: the peer's certificate must have one of these; empty where they are not known yet.
    ///   - retransmission: after which time a flight is sent again for the first time, 20 ms to 60 s; doubled each time,
    ///     up to sixteenfold. A second, as RFC 6347 §4.2.4.1 has it, is too long for a caller who waits; peers
    ///     bear with less.
    ///   - limit: the most time from `start` until the association is there.
    /// - Throws: `DTLSFailure.library` where memory is short.
    package init(
        _ certificate: DTLSCertificate,
        role: DTLSRole,
        fingerprints: [DTLSFingerprint] = [],
        retransmission: SIPCore.Span = .milliseconds(200),
        limit: SIPCore.Span = .seconds(30)
    ) throws(DTLSFailure) {
        OpenSSLErrors.clear()
        guard let ssl = unsafe SSL_new(certificate.context) else { throw .library(OpenSSLErrors.drain()) }
        guard let input = unsafe BIO_new(BIO_s_mem()) else {
            unsafe SSL_free(ssl)
            throw .library(OpenSSLErrors.drain())
        }
        guard let output = unsafe BIO_new(BIO_s_mem()) else {
            _ = unsafe BIO_free(input)
            unsafe SSL_free(ssl)
            throw .library(OpenSSLErrors.drain())
        }
        // Both belong to the session from here on.
        unsafe SSL_set_bio(ssl, input, output)
        _ = unsafe switchhook_openssl_set_mtu(ssl, Self.mtu)
        let microseconds = min(max(retransmission.nanoseconds / 1000, 20_000), 60_000_000)
        _ = unsafe SSL_set_ex_data(ssl, 0, UnsafeMutableRawPointer(bitPattern: UInt(microseconds)))
        unsafe DTLS_set_timer_cb(ssl) { ssl, last in unsafe DTLSSession.nextTimer(ssl, after: last) }
        switch role {
        case .client: unsafe SSL_set_connect_state(ssl)
        case .server: unsafe SSL_set_accept_state(ssl)
        }
        self.role = role
        self.limit = limit
        self.fingerprints = fingerprints
        unsafe self.ssl = ssl
        unsafe self.input = input
        unsafe self.output = output
    }

    deinit {
        unsafe SSL_free(self.ssl)
    }

    /// Whether a datagram begins an association, which a connected session does not heed.
    package static func isClientHello(_ datagram: UnsafeRawBufferPointer) -> Bool {
        DTLSRecords.isClientHello(unsafe Swift.Span<UInt8>(_unsafeBytes: datagram))
    }

    /// The peer's address is proved, so that the handshake may begin; as a client, we send the first flight.
    package func start(now: Instant) -> DTLSAction {
        switch self.state {
        case .idle:
            let limit = now + self.limit
            self.state = .handshaking(limit: limit)
            let event: DTLSEvent? =
                switch self.role {
                case .client: self.handshake(limit: limit)
                case .server: nil
                }
            return self.finish(event, now: now)
        case .handshaking, .unverified, .connected, .closed, .failed:
            return DTLSAction()
        }
    }

    /// A datagram of the peer came whose first byte is 20 to 63 (RFC 7983 §7).
    ///
    /// What is no DTLS is dropped. The first one starts the session where `start` did not.
    package func receive(_ datagram: UnsafeRawBufferPointer, now: Instant) -> DTLSAction {
        let bytes = unsafe Swift.Span<UInt8>(_unsafeBytes: datagram)
        guard bytes.count <= Self.datagramLimit, let census = DTLSRecords.census(bytes) else { return DTLSAction() }
        switch self.state {
        case .idle:
            var action = self.start(now: now)
            guard action.event == nil else { return action }
            let next = unsafe self.receive(datagram, now: now)
            action.datagrams += next.datagrams
            action.event = next.event
            return action
        case .handshaking:
            // Data before the association is for nobody, and must not fill the room that a Finished needs.
            self.early += census.encrypted
            guard census.application == 0, self.early <= Self.earlyLimit else { return DTLSAction() }
            self.received += bytes.count
            guard self.received <= Self.inboundLimit else { return self.finish(self.fail(.tooMuchInput), now: now) }
            return self.finish(unsafe self.process(datagram), now: now)
        case .unverified, .connected:
            return self.finish(unsafe self.process(datagram), now: now)
        case .closed, .failed:
            return DTLSAction()
        }
    }

    /// `deadline` has come.
    package func timeoutReached(now: Instant) -> DTLSAction {
        switch self.state {
        case .handshaking(let limit):
            guard now < limit else { return self.finish(self.fail(.timedOut), now: now) }
            OpenSSLErrors.clear()
            guard unsafe switchhook_openssl_dtls_timed_out(self.ssl) >= 0 else {
                return self.finish(self.fail(.handshake(OpenSSLErrors.drain())), now: now)
            }
            return self.finish(nil, now: now)
        case .unverified(_, let limit):
            return self.finish(now < limit ? nil : self.fail(.timedOut), now: now)
        case .idle, .connected, .closed, .failed:
            return DTLSAction()
        }
    }

    /// The peer's description came, or another one: its certificate must have one of these fingerprints.
    ///
    /// An empty list changes nothing. An association that is there fails where it is not the new description's;
    /// `matches` tells that beforehand.
    package func verify(_ fingerprints: [DTLSFingerprint]) -> DTLSAction {
        guard !fingerprints.isEmpty else { return DTLSAction() }
        self.fingerprints = fingerprints
        switch self.state {
        case .idle, .handshaking, .closed, .failed:
            return DTLSAction()
        case .unverified(let keys, _):
            return self.finish(self.connect(keys), now: nil)
        case .connected:
            let isSame = self.matches(fingerprints) == true
            return self.finish(isSame ? nil : self.fail(.wrongFingerprint), now: nil)
        }
    }

    /// Whether the certificate that the peer showed has one of these fingerprints; nil where it has shown none yet.
    package func matches(_ fingerprints: [DTLSFingerprint]) -> Bool? {
        guard let certificate = unsafe SSL_get0_peer_certificate(self.ssl) else { return nil }
        return fingerprints.contains { fingerprint in
            unsafe DTLSCertificate.digest(of: certificate, algorithm: fingerprint.algorithm) == fingerprint.bytes
        }
    }

    /// We end the association; the datagram tells the peer so, where there is one.
    package func close() -> DTLSAction {
        switch self.state {
        case .unverified, .connected:
            self.state = .closed
            self.sayGoodbye()
            return self.finish(nil, now: nil)
        case .idle, .handshaking:
            self.state = .closed
            return self.finish(nil, now: nil)
        case .closed, .failed:
            return DTLSAction()
        }
    }
}

extension DTLSSession {
    /// The time in microseconds after which a flight is sent again; `last` is 0 for the first time.
    private static func nextTimer(_ ssl: OpaquePointer?, after last: UInt32) -> UInt32 {
        let first = UInt32(truncatingIfNeeded: UInt(bitPattern: unsafe SSL_get_ex_data(ssl, 0)))
        return last == 0 ? first : min(last, first &* 8) &* 2
    }

    /// Takes the records of a datagram one by one.
    ///
    /// OpenSSL 3.0 drops what follows a repeated handshake message in the same datagram, so that a repeated ClientHello
    /// would take the flight behind it along. For peers that do the same, what answers one record and what answers
    /// the next do not go out in one datagram.
    private func process(_ datagram: UnsafeRawBufferPointer) -> DTLSEvent? {
        var event: DTLSEvent?
        var offset = 0
        while let end = DTLSRecords.end(of: unsafe Swift.Span<UInt8>(_unsafeBytes: datagram), at: offset) {
            let record = unsafe UnsafeRawBufferPointer(rebasing: datagram[offset..<end])
            _ = unsafe BIO_write(self.input, record.baseAddress, Int32(truncatingIfNeeded: record.count))
            switch self.state {
            case .handshaking(let limit): event = self.handshake(limit: limit)
            case .unverified, .connected: event = self.read() ?? event
            case .idle, .closed, .failed: return event
            }
            self.collect()
            offset = end
        }
        return event
    }

    /// Goes on with the handshake as far as the input permits.
    private func handshake(limit: Instant) -> DTLSEvent? {
        OpenSSLErrors.clear()
        let result = unsafe SSL_do_handshake(self.ssl)
        guard result == 1 else {
            switch unsafe SSL_get_error(self.ssl, result) {
            case SSL_ERROR_WANT_READ: return nil
            case SSL_ERROR_ZERO_RETURN: return self.fail(.closedByPeer)
            default: return self.fail(.handshake(OpenSSLErrors.drain()))
            }
        }
        guard unsafe SSL_get0_peer_certificate(self.ssl) != nil else { return self.fail(.noCertificate) }
        guard let agreed = unsafe SSL_get_selected_srtp_profile(self.ssl),
            let profile = SRTPProfile(dtlsNumber: unsafe agreed.pointee.id)
        else { return self.fail(.noProfile) }
        guard let keys = self.exportKeys(profile) else { return self.fail(.library(OpenSSLErrors.drain())) }
        self.state = .unverified(keys, limit: limit)
        let event = self.fingerprints.isEmpty ? nil : self.connect(keys)
        // The same datagram may hold more.
        return event ?? self.read()
    }

    private func exportKeys(_ profile: SRTPProfile) -> SRTPKeys? {
        let label = "EXTRACTOR-dtls_srtp"
        var material = [UInt8](repeating: 0, count: profile.dtlsMaterialLength)
        let count = material.count
        let result = unsafe SSL_export_keying_material(self.ssl, &material, count, label, label.utf8.count, nil, 0, 0)
        return result == 1 ? SRTPKeys(material, profile: profile, role: self.role) : nil
    }

    private func connect(_ keys: SRTPKeys) -> DTLSEvent {
        guard self.matches(self.fingerprints) == true else { return self.fail(.wrongFingerprint) }
        self.state = .connected
        return .connected(keys)
    }

    /// Takes what comes after the handshake: the end, or the peer's last flight again, which OpenSSL answers with ours.
    ///
    /// Data of applications, as WebRTC's data channels send, has no taker here.
    private func read() -> DTLSEvent? {
        OpenSSLErrors.clear()
        return unsafe withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 16) { scratch -> DTLSEvent? in
            while true {
                let result = unsafe SSL_read(self.ssl, scratch.baseAddress, Int32(scratch.count))
                if result > 0 { continue }
                switch unsafe SSL_get_error(self.ssl, result) {
                case SSL_ERROR_WANT_READ: return nil
                case SSL_ERROR_ZERO_RETURN: return self.peerClosed()
                default: return self.fail(.handshake(OpenSSLErrors.drain()))
                }
            }
        }
    }

    private func peerClosed() -> DTLSEvent {
        switch self.state {
        case .connected:
            self.state = .closed
            self.sayGoodbye()
            return .closed
        case .idle, .handshaking, .unverified, .closed, .failed:
            return self.fail(.closedByPeer)
        }
    }

    private func fail(_ failure: DTLSFailure) -> DTLSEvent {
        let isThere = unsafe SSL_is_init_finished(self.ssl) == 1
        self.state = .failed
        if isThere { self.sayGoodbye() }
        return .failed(failure)
    }

    /// Sends close_notify, which is not waited for.
    private func sayGoodbye() {
        OpenSSLErrors.clear()
        _ = unsafe SSL_shutdown(self.ssl)
        OpenSSLErrors.clear()
    }

    /// Sets the deadline anew, and hands over what has to be sent.
    private func finish(_ event: DTLSEvent?, now: Instant?) -> DTLSAction {
        switch self.state {
        case .handshaking(let limit):
            self.deadline = limit
            let left = unsafe switchhook_openssl_dtls_timeout(self.ssl)
            if left >= 0, let now {
                // A timer that is due and was not heeded is looked at again soon, but not at once.
                let wait = SIPCore.Span(nanoseconds: UInt64(max(left, 1000)) &* 1000)
                self.deadline = min(limit, now + wait)
            }
        case .unverified(_, let limit):
            self.deadline = limit
        case .idle, .connected, .closed, .failed:
            self.deadline = nil
        }
        self.collect()
        defer { self.outgoing = [] }
        return DTLSAction(datagrams: self.outgoing, event: event)
    }

    /// Collects what OpenSSL wrote.
    private func collect() {
        let pending = unsafe BIO_ctrl_pending(self.output)
        guard pending > 0 else { return }
        let flight = unsafe [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
            let read = unsafe BIO_read(self.output, buffer.baseAddress, Int32(clamping: buffer.count))
            count = max(0, Int(read))
        }
        self.outgoing += DTLSRecords.datagrams(of: flight.span, limit: Self.mtu)
    }
}
