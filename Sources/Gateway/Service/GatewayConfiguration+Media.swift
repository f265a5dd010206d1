internal import MediaCore
internal import MediaRelay

extension GatewayConfiguration {
    /// Who carries the media of the calls that it doesn't pass through for; nil where there are none.
    var anchor: MediaMode? {
        ([self.media.mode] + self.trunks.compactMap(\.mediaMode)).first { $0 != .passthrough }
    }

    /// What carries it, not yet started; `tell` takes its events.
    func mediaEngine(tell: @escaping @Sendable ([MediaEvent]) -> Void) -> (any MediaEngine)? {
        switch self.anchor {
        case .relay: RelayEngine(self.media.relay.configuration(transcodes: self.media.transcodes), tell: tell)
        case .rtpengine: MediaRelay.RTPEngine(self.media.rtpengine.configuration, tell: tell)
        case .passthrough, nil: nil
        }
    }
}

extension GatewayConfiguration.Relay {
    fileprivate func configuration(transcodes: Bool) -> RelayConfiguration {
        var configuration = RelayConfiguration(addresses: self.addresses.compactMap { MediaAddress($0, port: 0) })
        configuration.advertised = self.advertise.compactMap { MediaAddress($0, port: 0) }
        configuration.webRTCPort = self.webRTCPort
        configuration.ports = self.ports
        configuration.timeout = self.timeout.span
        configuration.transcodes = transcodes
        return configuration
    }
}

extension GatewayConfiguration.RTPEngine {
    fileprivate var configuration: RTPEngineConfiguration {
        var configuration = RTPEngineConfiguration(
            control: self.control.compactMap { MediaAddress($0.host, port: $0.port) }
        )
        configuration.digits = self.digitListener.flatMap { MediaAddress($0.host, port: $0.port) }
        configuration.timing.timeout = self.timeout.span
        return configuration
    }
}
