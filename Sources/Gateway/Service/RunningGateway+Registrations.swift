internal import CallRuntime
internal import Logging
internal import SIPCore

extension RunningGateway {
    /// Tells the operator what has become of our registrations at trunks.
    static func log(_ news: [RegistrationNews], _ logger: Logger) {
        for one in news {
            switch one.event {
            case .registered(let expires):
                logger.notice("Registered", metadata: ["registration": "\(one.name)", "expires": "\(expires)s"])
            case .failed(let status):
                logger.warning("Not registered", metadata: ["registration": "\(one.name)", "status": "\(status)"])
            case .ended:
                break
            }
        }
    }

    /// Takes registrations back, for two seconds at most: a registrar that does not answer forgets us by itself.
    static func endRegistrations(of loop: SignallingLoop) async {
        guard (try? await loop.setRegistrations([:])) != nil else { return }
        for _ in 0..<100 {
            guard (try? await loop.hasRegistrations()) == true else { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
