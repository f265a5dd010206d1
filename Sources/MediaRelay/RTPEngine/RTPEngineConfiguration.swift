package import MediaCore

/// Where rtpengine is.
package struct RTPEngineConfiguration: Hashable, Sendable {
    /// The addresses that the instances take the ng protocol at (`--listen-ng`), the preferred first; never empty.
    package var control: [MediaAddress]
    package var timing = RTPEngineSession.Timing()

    package init(control: [MediaAddress]) {
        self.control = control
    }
}
