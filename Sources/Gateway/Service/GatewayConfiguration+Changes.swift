extension GatewayConfiguration {
    /// The same, with the media of `running` where its engine, which stays as it is, could not carry what this one says.
    ///
    /// A call that counted on an engine that was never started would wait for it in vain.
    package func onEngine(of running: GatewayConfiguration) -> GatewayConfiguration {
        var taken = self
        taken.media.transcodes = running.media.transcodes
        guard self.anchor != running.anchor else { return taken }
        taken.media.mode = running.media.mode
        for index in taken.trunks.indices {
            let before = running.trunks.first { $0.name == taken.trunks[index].name }
            taken.trunks[index].mediaMode = before?.mediaMode
        }
        return taken
    }

    /// The keys whose values differ in another configuration, but hold only after a restart.
    func keysNeedingRestart(in new: GatewayConfiguration) -> [String] {
        var keys: [String] = []
        func compare<Value: Equatable>(_ key: String, _ path: (GatewayConfiguration) -> Value) {
            if path(self) != path(new) { keys.append(key) }
        }
        compare("client.listen") { $0.client.listen }
        compare("client.tls") { $0.client.tls }
        compare("client.allowed_origins") { $0.client.allowedOrigins }
        compare("tokens") { $0.tokens }
        compare("admin.listen") { $0.admin.listen }
        compare("admin.token") { $0.admin.token }
        compare("sip.listen") { $0.sip.listen }
        compare("sip.advertise") { $0.sip.advertise }
        compare("sip.dns") { $0.sip.nameServers }
        compare("sip.domains") { $0.phones.isEmpty ? nil : $0.realm }
        compare("sip.registrar") { $0.sip.registrar }
        compare("storage") { $0.storage }
        compare("sip.timers") { $0.sip.timers }
        compare("media.relay") { $0.media.relay }
        compare("media.transcode") { $0.media.transcodes }
        compare("media.rtpengine") { $0.media.rtpengine }
        compare("media.mode") { $0.anchor }
        compare("limits.sockets_per_user") { $0.limits.socketsPerUser }
        compare("limits.message_bytes") { $0.limits.messageBytes }
        compare("log") { $0.log }
        return keys
    }
}
