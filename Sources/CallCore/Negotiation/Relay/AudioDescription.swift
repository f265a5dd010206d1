package import MediaCore
package import SIPCore

/// What a peer's description says of its audio, for a leg whose media we anchor.
///
/// One audio section is taken, the first that can be; all others are refused.
package struct AudioDescription: Hashable, Sendable {
    /// A payload type and the codec that the description binds it to.
    package struct Format: Hashable, Sendable {
        package var payloadType: UInt8
        package var codec: AudioCodec

        package init(payloadType: UInt8, codec: AudioCodec) {
            self.payloadType = payloadType
            self.codec = codec
        }
    }

    /// The same for telephone-event, with its clock in Hz.
    package struct Digits: Hashable, Sendable {
        package var payloadType: UInt8
        package var clockRate: UInt32

        package init(payloadType: UInt8, clockRate: UInt32) {
            self.payloadType = payloadType
            self.clockRate = clockRate
        }
    }

    /// All sections as they must be repeated in an answer: kind, protocol, first format, mid.
    package struct Section: Hashable, Sendable {
        package var kind: String
        package var transportProtocol: String
        package var format: String
        package var mid: String?

        package init(kind: String, transportProtocol: String, format: String, mid: String?) {
            self.kind = kind
            self.transportProtocol = transportProtocol
            self.format = format
            self.mid = mid
        }
    }

    package private(set) var sections: [Section]
    /// Which of them is taken.
    package private(set) var index: Int
    /// In the order of the description, which is that of the peer's liking.
    package private(set) var formats: [Format]
    package private(set) var digits: [Digits]
    /// As the peer states it; a phone that awaits media nowhere (`0.0.0.0`) receives none (RFC 3264 §8.4).
    package private(set) var direction: SDPDirection
    /// Where it awaits RTP; nil with ICE, and where it is nowhere.
    package private(set) var address: MediaAddress?
    package private(set) var rtcpAddress: MediaAddress?
    package private(set) var multiplexesRTCP: Bool
    package private(set) var ice: ICECredentials?
    package private(set) var fingerprints: [DTLSFingerprint]
    /// The value of `a=setup`; empty where there is none.
    package private(set) var setup: String
    package private(set) var sdes: [SDESKey]
    package private(set) var packetMilliseconds: UInt32?
    /// Whether a BUNDLE group holds the section.
    package private(set) var isBundled: Bool

    /// Reads a description.
    ///
    /// - Parameters:
    ///   - description: the peer's.
    ///   - kind: what the leg is.
    /// - Throws: `RelayFault` where nothing of it can be taken.
    package init(_ description: SessionDescription, for kind: MediaLegKind) throws(RelayFault) {
        var fault = RelayFault.noAudio
        for index in description.media.indices where description.media[index].isUsable(for: kind) {
            do throws(RelayFault) {
                try self.init(description, taking: index, for: kind)
                return
            } catch {
                // A phone may offer SRTP in one section and plain RTP in the next: the first tells what is wrong.
                if fault == .noAudio { fault = error }
            }
        }
        throw fault
    }

    private init(
        _ description: SessionDescription,
        taking index: Int,
        for kind: MediaLegKind
    ) throws(RelayFault) {
        let section = description.media[index]
        self.index = index
        self.sections = description.media.map { section in
            Section(
                kind: String(section.kind),
                transportProtocol: String(section.transportProtocol),
                format: String(section.formats.first ?? "0"),
                mid: section.mid.map { String($0) }
            )
        }
        self.formats = section.audioFormats
        self.digits = section.digitFormats
        guard !self.formats.isEmpty else { throw RelayFault.noCodec }
        self.direction = description.direction(of: section)
        self.multiplexesRTCP = kind == .webRTC || section.hasAttribute("rtcp-mux")
        self.packetMilliseconds = section.attribute("ptime").flatMap { UInt32($0) }.map { min(max($0, 10), 120) }
        self.isBundled = section.mid.map { mid in description.bundles.contains { $0.contains(mid) } } ?? false
        self.fingerprints = []
        self.setup = ""
        self.sdes = []
        switch kind {
        case .webRTC:
            guard let ufrag = description.attribute("ice-ufrag", of: section), (4...256).contains(ufrag.utf8.count),
                let password = description.attribute("ice-pwd", of: section), (22...256).contains(password.utf8.count)
            else { throw RelayFault.noSecurity }
            self.ice = ICECredentials(ufrag: String(ufrag), password: String(password))
            let values =
                section.hasAttribute("fingerprint")
                ? section.attributes("fingerprint") : description.attributes("fingerprint")
            self.fingerprints = values.prefix(8).compactMap { DTLSFingerprint(attribute: $0) }
            self.setup = description.attribute("setup", of: section).map { String($0) } ?? ""
            guard !self.fingerprints.isEmpty else { throw RelayFault.noSecurity }
        case .rtp:
            if section.isSecure {
                self.sdes = section.attributes("crypto").prefix(16).compactMap { SDESKey(attribute: $0) }
                guard !self.sdes.isEmpty else { throw RelayFault.noSecurity }
            }
            let connection = description.connection(of: section)
            guard let connection else { throw RelayFault.unreadable }
            if connection.isUnspecified {
                self.direction = SDPDirection(sends: self.direction.sends, receives: false)
            } else {
                self.address = MediaAddress(connection.address, port: section.port)
                guard self.address != nil else { throw RelayFault.unreadable }
            }
            self.rtcpAddress = self.multiplexesRTCP ? nil : section.rtcpAddress(besides: self.address)
        }
    }

    /// Reads a description as it came.
    ///
    /// - Parameters:
    ///   - sdp: the text.
    ///   - kind: what the leg is.
    /// - Throws: `RelayFault`.
    package init(_ sdp: [UInt8], for kind: MediaLegKind) throws(RelayFault) {
        guard let description = try? SessionDescription(sdp) else { throw RelayFault.unreadable }
        try self.init(description, for: kind)
    }
}

extension MediaSection {
    /// Whether it is audio over a transport that such a leg has.
    fileprivate func isUsable(for kind: MediaLegKind) -> Bool {
        guard self.kind == "audio", self.port != 0 else { return false }
        switch kind {
        case .webRTC: return self.transportProtocol == "UDP/TLS/RTP/SAVPF" || self.transportProtocol == "RTP/SAVPF"
        case .rtp: return ["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"].contains(self.transportProtocol)
        }
    }

    fileprivate var isSecure: Bool { self.transportProtocol.hasPrefix("RTP/SAVP") }

    fileprivate var audioFormats: [AudioDescription.Format] {
        self.payloadTypes.compactMap { payloadType, text in
            let codec =
                self.encoding(of: text).map { encoding in AudioCodec.allCases.first { $0.isMeant(by: encoding) } }
                ?? AudioCodec.allCases.first { $0.staticPayloadType == payloadType }
            return codec.map { AudioDescription.Format(payloadType: payloadType, codec: $0) }
        }
    }

    fileprivate var digitFormats: [AudioDescription.Digits] {
        self.payloadTypes.compactMap { payloadType, text in
            guard let encoding = self.encoding(of: text) else { return nil }
            var parts = encoding.split(separator: "/").makeIterator()
            guard parts.next()?.equalsIgnoringCase("telephone-event") == true,
                let clockRate = parts.next().flatMap({ UInt32($0) }), (8000...96_000).contains(clockRate)
            else { return nil }
            return AudioDescription.Digits(payloadType: payloadType, clockRate: clockRate)
        }
    }

    /// The formats that are payload types, each once; more than RTP has are not looked at.
    private var payloadTypes: [(UInt8, Substring)] {
        var seen: Set<UInt8> = []
        return self.formats.prefix(128).compactMap { text in
            guard let payloadType = UInt8(text), payloadType < 128, seen.insert(payloadType).inserted else {
                return nil
            }
            return (payloadType, text)
        }
    }

    /// `a=rtcp` (RFC 3605), else the port behind that of RTP.
    fileprivate func rtcpAddress(besides address: MediaAddress?) -> MediaAddress? {
        guard let address, address.port < UInt16.max else { return nil }
        guard let value = self.attribute("rtcp") else { return address.with(port: address.port + 1) }
        var fields = SDPFields(value)
        guard let port = fields.next().flatMap({ UInt16($0) }), port != 0 else {
            return address.with(port: address.port + 1)
        }
        let behind = address.with(port: port)
        guard fields.next() != nil, fields.next() != nil, let host = fields.next(),
            let stated = MediaAddress(host, port: port), !stated.isUnspecified
        else { return behind }
        return stated
    }
}

extension AudioCodec {
    /// Whether that is what `a=rtpmap` calls it; a channel count of 1 may be left out.
    fileprivate func isMeant(by encoding: Substring) -> Bool {
        encoding.equalsIgnoringCase(self.rtpmap) || encoding.equalsIgnoringCase(self.rtpmap + "/1")
    }
}
