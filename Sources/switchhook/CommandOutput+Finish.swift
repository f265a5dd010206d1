internal import ArgumentParser
internal import Foundation
internal import Gateway

extension CommandOutput {
    /// Prints what there is to print.
    ///
    /// - Throws: `ExitCode`, where the status is not 0.
    func finish() throws {
        if !self.errors.isEmpty { FileHandle.standardError.write(Data(self.errors.utf8)) }
        if !self.output.isEmpty { FileHandle.standardOutput.write(Data(self.output.utf8)) }
        if self.exitCode != .success { throw ExitCode(self.exitCode.rawValue) }
    }
}
