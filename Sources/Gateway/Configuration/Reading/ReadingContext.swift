internal import Foundation

/// What the reading of one file shares: the file's name, the environment, and the faults found so far.
final class ReadingContext {
    let file: String
    private let environment: [String: String]
    private(set) var faults: [ConfigurationFault] = []
    /// What works, but is unwise; in the same words as faults.
    private(set) var warnings: [ConfigurationFault] = []

    init(file: String, environment: [String: String]) {
        self.file = file
        self.environment = environment
    }

    func fault(line: Int?, path: String, _ text: String) {
        self.faults.append(ConfigurationFault(file: self.file, line: line, path: path, text: text))
    }

    func warn(line: Int?, path: String, _ text: String) {
        self.warnings.append(ConfigurationFault(file: self.file, line: line, path: path, text: text))
    }

    /// Puts environment variables in place of `${NAME}`; `$${` stands for `${`.
    ///
    /// It works on values after YAML has been parsed, so a variable's text can't add keys. Each variable that is not set
    /// is a fault.
    func expand(_ text: String, line: Int?, path: String) -> String? {
        var result = ""
        var rest = text[...]
        var isComplete = true
        while let start = rest.range(of: "${") {
            if rest[..<start.lowerBound].last == "$" {
                result += rest[..<start.lowerBound].dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                self.fault(line: line, path: path, "\"${\" has no closing \"}\"; write $${ where ${ itself is meant")
                return nil
            }
            let name = String(rest[start.upperBound..<end])
            result += rest[..<start.lowerBound]
            if let value = self.environment[name] {
                result += value
            } else {
                self.fault(line: line, path: path, "the environment variable \(name) is not set")
                isComplete = false
            }
            rest = rest[rest.index(after: end)...]
        }
        return isComplete ? result + rest : nil
    }

    /// A file that the configuration names, relative to the folder of the configuration file.
    func resolve(file name: String) -> String {
        if name.hasPrefix("/") { return name }
        let folder = (self.file as NSString).deletingLastPathComponent
        return (folder as NSString).appendingPathComponent(name)
    }
}
