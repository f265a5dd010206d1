/// One thing that is wrong in a configuration file: where, and what.
package struct ConfigurationFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named on the command line.
    package var file: String
    /// Counted from 1; nil where the fault has no line, as when the file can't be read.
    package var line: Int?
    /// The key's path, as in `sip.listen[1]`; empty where the fault belongs to no key.
    package var path: String
    /// What is wrong, and where it helps what to write instead.
    package var text: String

    package init(file: String, line: Int? = nil, path: String = "", text: String) {
        self.file = file
        self.line = line
        self.path = path
        self.text = text
    }

    /// The line that is printed, as in `config/gateway.yaml:12: sip.listen[1]: …`.
    package var description: String {
        var place = self.file
        if let line = self.line { place += ":\(line)" }
        if !self.path.isEmpty { place += ": \(self.path)" }
        return "\(place): \(self.text)"
    }
}

/// All that is wrong in a configuration file, in the order of its lines; never empty.
package struct ConfigurationFaults: Error, Hashable, Sendable, CustomStringConvertible {
    package var faults: [ConfigurationFault]

    package init(_ faults: [ConfigurationFault]) {
        self.faults = faults
    }

    /// One fault a line.
    package var description: String {
        self.faults.map(\.description).joined(separator: "\n")
    }
}
