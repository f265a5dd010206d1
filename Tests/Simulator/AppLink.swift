import ClientProtocol

/// A WebSocket of a device: reliable and in order, until it is cut.
final class AppLink {
    let connection: ConnectionID
    let device: AppDevice
    var isOpen = true
    var arrivalAtGateway: UInt64 = 0
    var arrivalAtDevice: UInt64 = 0

    init(connection: ConnectionID, device: AppDevice) {
        self.connection = connection
        self.device = device
    }
}
