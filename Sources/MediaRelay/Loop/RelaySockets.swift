import MediaCore

/// The sockets that a relay has from its start on.
enum RelaySockets {
    /// In bytes, of the apps' port: half a second of a thousand apps' sound.
    private static let bufferSize: Int32 = 8_388_608

    /// Binds the apps' port on every address, and sees whether phones' ports can be bound.
    ///
    /// - Throws: what can't be bound.
    static func bind(_ configuration: RelayConfiguration) throws(RelayError) -> [UDPSocket] {
        let last = configuration.ports.upperBound
        guard configuration.ports.contains(where: { $0 > 0 && $0.isMultiple(of: 2) && $0 < last }) else {
            throw RelayError(.ports)
        }
        guard let host = configuration.addresses.first else { throw RelayError(.address) }
        do throws(SocketError) {
            _ = try UDPSocket(bound: host.with(port: 0))
        } catch {
            throw RelayError(.address, address: host.with(port: 0), underlying: error)
        }
        var sockets: [UDPSocket] = []
        for address in configuration.addresses {
            sockets += try Self.bindShared(address.with(port: configuration.webRTCPort))
        }
        return sockets
    }

    /// One socket; for an unspecified address, one on each interface that permits it.
    private static func bindShared(_ address: MediaAddress) throws(RelayError) -> [UDPSocket] {
        guard address.isUnspecified else { return [try Self.bindOne(address)] }
        var sockets: [UDPSocket] = []
        var failure = RelayError(.webRTCPort, address: address)
        for interface in InterfaceAddresses.list(port: address.port, withIPv6: address.isIPv6) {
            do throws(RelayError) {
                // Where any port will do, it is the same on all.
                sockets.append(try Self.bindOne(interface.with(port: sockets.first?.address.port ?? address.port)))
            } catch {
                // An address that is only about to be one is left out; a port that is taken is a fault.
                guard error.underlying?.isAddressInUse != true else { throw error }
                failure = error
            }
        }
        guard !sockets.isEmpty else { throw failure }
        return sockets
    }

    private static func bindOne(_ address: MediaAddress) throws(RelayError) -> UDPSocket {
        do throws(SocketError) {
            return try UDPSocket(bound: address, bufferSize: Self.bufferSize)
        } catch {
            throw RelayError(.webRTCPort, address: address, underlying: error)
        }
    }
}
