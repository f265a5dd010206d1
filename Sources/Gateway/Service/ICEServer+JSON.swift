internal import ClientProtocol
internal import SIPCore

extension [GatewayConfiguration.ICEServer] {
    /// The array for `RTCPeerConnection`.
    ///
    /// - Parameters:
    ///   - user: The id of the user whose session begins; time-limited credentials hold it.
    ///   - now: In seconds since 1970.
    /// - Returns: JSON text.
    package func json(for user: String, now: UInt64) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, server) in self.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            server.append(to: &bytes, user: user, now: now)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }
}

extension GatewayConfiguration.ICEServer {
    fileprivate func append(to bytes: inout [UInt8], user: String, now: UInt64) {
        JSONOutput.append(#"{"urls":["#, to: &bytes)
        for (index, url) in self.urls.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONOutput.append(string: url, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        let (username, credential): (String, String)
        switch self.access {
        case .none:
            bytes.append(UInt8(ascii: "}"))
            return
        case .credential(let name, let secret):
            (username, credential) = (name, secret.reveal())
        case .secret(let secret, let ttl):
            let expiry = now &+ UInt64(ttl.components.seconds)
            let minted = TURNCredential(user: user, expiry: expiry, secret: secret.reveal())
            (username, credential) = (minted.username, minted.password)
        }
        JSONOutput.append(#","username":"#, to: &bytes)
        JSONOutput.append(string: username, to: &bytes)
        JSONOutput.append(#","credential":"#, to: &bytes)
        JSONOutput.append(string: credential, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }
}
