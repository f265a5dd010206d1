package import MediaCore

/// How a leg's packets are protected (RFC 3711, RFC 7714), whichever way the keys came.
package enum SRTPProfile: CaseIterable, Hashable, Sendable {
    case aes128GCM
    case aes128SHA1Tag80
    /// By SDES only: 4 bytes of tag on RTP, but 10 on RTCP (RFC 4568 §6.2.2).
    case aes128SHA1Tag32

    package init(_ suite: SDESSuite) {
        switch suite {
        case .aes128GCM: self = .aes128GCM
        case .aes128SHA1Tag80: self = .aes128SHA1Tag80
        case .aes128SHA1Tag32: self = .aes128SHA1Tag32
        }
    }

    /// The profile of a number that `use_srtp` agreed on; nil for those that the gateway does not speak.
    init?(dtlsNumber: UInt) {
        guard let profile = Self.allCases.first(where: { $0.dtlsNumber == dtlsNumber }) else { return nil }
        self = profile
    }

    /// Its number in the DTLS extension `use_srtp` (RFC 5764 §4.1.2, RFC 7714 §14.2).
    var dtlsNumber: UInt {
        switch self {
        case .aes128GCM: 7
        case .aes128SHA1Tag80: 1
        case .aes128SHA1Tag32: 2
        }
    }

    /// Its name in OpenSSL.
    var dtlsName: String {
        switch self {
        case .aes128GCM: "SRTP_AEAD_AES_128_GCM"
        case .aes128SHA1Tag80: "SRTP_AES128_CM_SHA1_80"
        case .aes128SHA1Tag32: "SRTP_AES128_CM_SHA1_32"
        }
    }

    /// The bytes of a master key.
    package var keyLength: Int { 16 }

    /// The bytes of a master salt.
    package var saltLength: Int {
        switch self {
        case .aes128GCM: 12
        case .aes128SHA1Tag80, .aes128SHA1Tag32: 14
        }
    }

    /// The bytes that the exporter of DTLS must give: keys and salts of both sides (RFC 5764 §4.2).
    var dtlsMaterialLength: Int { 2 * (self.keyLength + self.saltLength) }

    /// The bytes by which an RTP packet grows.
    package var tagLength: Int {
        switch self {
        case .aes128GCM: 16
        case .aes128SHA1Tag80: 10
        case .aes128SHA1Tag32: 4
        }
    }

    /// The bytes by which an RTCP packet grows: the tag and the index (RFC 3711 §3.4).
    package var controlTrailerLength: Int {
        switch self {
        case .aes128GCM: 20
        case .aes128SHA1Tag80, .aes128SHA1Tag32: 14
        }
    }

    /// Where in what stands behind an RTCP packet the word with the index begins: behind the tag (RFC 7714 §9.1), or in
    /// front of it (RFC 3711 §3.4).
    var controlWordOffset: Int {
        switch self {
        case .aes128GCM: 16
        case .aes128SHA1Tag80, .aes128SHA1Tag32: 0
        }
    }
}
