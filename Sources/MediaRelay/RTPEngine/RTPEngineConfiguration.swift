package import MediaCore

/// Where rtpengine is.
package struct RTPEngineConfiguration: Hashable, Sendable {
    /// The addresses that the instances take the ng protocol at (`--listen-ng`), the preferred first; never empty.
    package var control: [MediaAddress]
    /// Where the instances send what they know of digits that came (`--dtmf-log-dest`); nil: no digit is told of.
    package var digits: MediaAddress?
    package var timing = RTPEngineSession.Timing()

    package init(control: [MediaAddress]) {
        self.control = control
    }
}
