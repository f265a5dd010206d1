extension SIPUserAgent {
    /// What a user agent is told at its start.
    package struct Configuration: Sendable {
        /// Our sockets, in the order of `SIPFlow.listener`; the first that fits a peer's transport and address family goes
        /// into Via and Contact.
        package var listeners: [SIPListener]
        /// The text of User-Agent and Server; empty: neither is sent.
        package var product: String
        package var timers: SIPTimers
        package var sessionTimers: SessionTimers
        package var limits: Limits

        package init(
            listeners: [SIPListener],
            product: String = "",
            timers: SIPTimers = SIPTimers(),
            sessionTimers: SessionTimers = SessionTimers(),
            limits: Limits = Limits()
        ) {
            self.listeners = listeners
            self.product = product
            self.timers = timers
            self.sessionTimers = sessionTimers
            self.limits = limits
        }
    }

    /// How much a peer can make us keep.
    package struct Limits: Sendable {
        /// New requests outside a dialog get 503 from this number of live transactions on; those within one from
        /// twice as many on.
        ///
        /// 100,000 by default.
        package var transactions: Int
        /// New INVITEs get 503 from this number of live sessions on; 20,000 by default.
        ///
        /// Our own INVITEs are not counted out: whoever orders them has a limit of its own.
        package var sessions: Int
        /// The forks of one INVITE of ours that are kept apart; what more come are not heard.
        ///
        /// 16 by default.
        package var forks: Int
        /// The re-INVITEs and UPDATEs of one session that may wait for their turn; 8 by default.
        package var waitingReinvites: Int
        /// The reliable provisional responses of one session that may wait for the PRACK of the one before; 8 by default.
        package var waitingProvisionals: Int
        /// The digits of one session that may wait for the response to the one before; 64 by default.
        package var waitingDigits: Int
        /// How often a re-INVITE or UPDATE is sent again after a 491 (RFC 3261 §14.1); 10 by default.
        package var glareRetries: Int
        /// The Retry-After of our 503s in seconds; 5 by default.
        package var retryAfter: UInt32
        /// How long a re-INVITE of the peer waits for `acceptReinvite` or `rejectReinvite`, before it is answered 500;
        /// 30 s by default.
        package var reinviteAnswer: Span
        /// How long an UPDATE of the peer waits for `acceptReinvite` or `rejectReinvite`, before it is answered 504
        /// (RFC 3311 §5.2); 10 s by default.
        ///
        /// Less than 64·T1: the peer would have given it up.
        package var updateAnswer: Span
        /// How long the addresses of a target that is named may take to find; 6 s by default.
        package var location: Span

        package init(
            transactions: Int = 100_000,
            sessions: Int = 20_000,
            forks: Int = 16,
            waitingReinvites: Int = 8,
            waitingProvisionals: Int = 8,
            waitingDigits: Int = 64,
            glareRetries: Int = 10,
            retryAfter: UInt32 = 5,
            reinviteAnswer: Span = .seconds(30),
            updateAnswer: Span = .seconds(10),
            location: Span = .seconds(6)
        ) {
            self.transactions = transactions
            self.sessions = sessions
            self.forks = forks
            self.waitingReinvites = waitingReinvites
            self.waitingProvisionals = waitingProvisionals
            self.waitingDigits = waitingDigits
            self.glareRetries = glareRetries
            self.retryAfter = retryAfter
            self.reinviteAnswer = reinviteAnswer
            self.updateAnswer = updateAnswer
            self.location = location
        }
    }
}
