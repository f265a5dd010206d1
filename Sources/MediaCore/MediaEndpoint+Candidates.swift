extension MediaEndpoint {
    /// The values of `a=candidate` for the endpoint's addresses, best first (RFC 8839 §5.1), without `candidate:`.
    ///
    /// All are host candidates of component 1, as RTCP is multiplexed toward an app. Addresses that nothing can be sent
    /// to give none. Two addresses of one host have one foundation (RFC 8445 §5.1.1.3).
    package var candidateLines: [String] {
        self.addresses.enumerated().compactMap { index, address in
            guard !address.isUnspecified, address.port != 0 else { return nil }
            let foundation = 1 + (self.addresses.firstIndex { $0.isSameHost(as: address) } ?? index)
            let priority = Self.hostCandidatePriority(at: index)
            return "\(foundation) 1 udp \(priority) \(address.host) \(address.port) typ host"
        }
    }

    /// The formula of RFC 8445 §5.1.2.1 for component 1 of a host candidate of this rank, 0 the best.
    ///
    /// Each rank has a local preference of its own.
    private static func hostCandidatePriority(at index: Int) -> UInt32 {
        let typePreference: UInt32 = 126
        let localPreference = UInt32(65_535 - min(max(index, 0), 65_535))
        let component: UInt32 = 1
        return typePreference << 24 + localPreference << 8 + (256 - component)
    }
}
