/// Where one leg's peer reaches us, and the secrets of our side: what our descriptions for that leg say.
package struct MediaEndpoint: Hashable, Sendable {
    /// Where RTP is awaited, the default first; never empty.
    package var addresses: [MediaAddress]
    /// Where RTCP is awaited where it is not multiplexed; nil: only multiplexed.
    package var rtcpPort: UInt16?
    /// Toward an app; nil: no ICE.
    package var ice: ICECredentials?
    /// Of the certificate that we show in DTLS; nil: no DTLS.
    package var fingerprint: DTLSFingerprint?
    /// The keys that we write SRTP with where SDES is agreed on, one for each suite, best first; empty: no SDES.
    package var sdes: [SDESKey]

    package init(
        addresses: [MediaAddress],
        rtcpPort: UInt16? = nil,
        ice: ICECredentials? = nil,
        fingerprint: DTLSFingerprint? = nil,
        sdes: [SDESKey] = []
    ) {
        self.addresses = addresses
        self.rtcpPort = rtcpPort
        self.ice = ice
        self.fingerprint = fingerprint
        self.sdes = sdes
    }
}

/// One side's ICE user name fragment and password (RFC 8839 §5.4).
package struct ICECredentials: Hashable, Sendable {
    /// 4 to 256 characters.
    package var ufrag: String
    /// 22 to 256 characters.
    package var password: String

    package init(ufrag: String, password: String) {
        self.ufrag = ufrag
        self.password = password
    }
}

/// `a=fingerprint` (RFC 8122 §5).
package struct DTLSFingerprint: Hashable, Sendable {
    /// Lower case, as in `sha-256`.
    package var algorithm: String
    package var bytes: [UInt8]

    package init(algorithm: String, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }
}

/// Who sends the ClientHello (RFC 5763 §5).
package enum DTLSRole: Hashable, Sendable {
    /// We do: `a=setup:active`.
    case client
    /// The peer does: `a=setup:passive`.
    case server
}

/// The suites of SDES that the gateway speaks, best first (RFC 4568 §6.2, RFC 7714 §14.2).
package enum SDESSuite: String, CaseIterable, Hashable, Sendable {
    case aes128GCM = "AEAD_AES_128_GCM"
    case aes128SHA1Tag80 = "AES_CM_128_HMAC_SHA1_80"
    case aes128SHA1Tag32 = "AES_CM_128_HMAC_SHA1_32"

    /// The bytes of master key and master salt together.
    package var keyLength: Int {
        switch self {
        case .aes128GCM: 28
        case .aes128SHA1Tag80, .aes128SHA1Tag32: 30
        }
    }
}

/// A key of `a=crypto` (RFC 4568 §9.1).
package struct SDESKey: Hashable, Sendable {
    package var suite: SDESSuite
    /// The attribute's tag, which the answer repeats.
    package var tag: UInt32
    /// Master key, then master salt: `suite.keyLength` bytes.
    package var bytes: [UInt8]

    package init(suite: SDESSuite, tag: UInt32, bytes: [UInt8]) {
        self.suite = suite
        self.tag = tag
        self.bytes = bytes
    }
}
