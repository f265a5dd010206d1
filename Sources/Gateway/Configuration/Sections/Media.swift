extension GatewayConfiguration.Media {
    private static let words = "in this release media is passed through only; write media: { mode: passthrough }"

    static func read(_ reader: MappingReader) -> Self {
        defer { reader.finish() }
        for key in ["codecs", "relay", "rtpengine"] {
            reader.planned(key, "belongs to relayed media, which is planned for a later release; \(Self.words)")
        }
        if let mode = reader.required("mode", "must be said: \(Self.words)") { _ = self.readMode(mode) }
        return Self(mode: .passthrough)
    }

    /// A trunk's own `media`, which may repeat the one mode that there is.
    static func readOfTrunk(_ reader: MappingReader) -> GatewayConfiguration.MediaMode? {
        defer { reader.finish() }
        return reader.value("mode").flatMap(self.readMode)
    }

    private static func readMode(_ value: ValueReader) -> GatewayConfiguration.MediaMode? {
        guard let text = value.text() else { return nil }
        switch text {
        case "passthrough":
            return .passthrough
        case "relay", "rtpengine":
            value.fail("\(text) is planned for a later release; \(self.words)")
        default:
            value.fail("\"\(text)\" is not a media mode; \(self.words)")
        }
        return nil
    }
}
