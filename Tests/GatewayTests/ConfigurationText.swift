import Gateway

/// Ways to write a configuration in a test.
enum ConfigurationText {
    /// The least that a configuration must say, on three lines.
    static let least = """
        tokens:
          secret: "0123456789abcdef0123456789abcdef"
        media: { mode: passthrough }
        """

    static let environment = ["SECRET": "0123456789abcdef0123456789abcdef", "PORT": "8081", "EMPTY": ""]

    /// The configuration of a text that has no fault.
    static func parse(_ text: String) throws -> GatewayConfiguration {
        try GatewayConfiguration.parse(text, file: "g.yaml", environment: self.environment).configuration
    }

    /// The faults of a text, as they are printed; none where it has none.
    static func faults(_ text: String, file: String = "g.yaml") -> [String] {
        do throws(ConfigurationFaults) {
            _ = try GatewayConfiguration.parse(text, file: file, environment: self.environment)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }
}
