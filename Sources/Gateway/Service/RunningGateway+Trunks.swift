internal import CallCore
internal import CallRuntime
internal import Logging

extension RunningGateway {
    /// Tells the operator which servers of trunks have come or gone.
    static func log(_ news: [ServerNews], _ logger: Logger) {
        for one in news {
            let server: Logger.Metadata = ["trunk": "\(one.server.trunk)", "server": "\(one.server.server)"]
            if one.isUp {
                logger.notice("A trunk's server answers again", metadata: server)
            } else {
                logger.warning("A trunk's server answers no probe; calls pass it over", metadata: server)
            }
        }
    }
}
