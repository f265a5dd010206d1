/// Why a text is no session description.
package struct SDPError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        fileprivate var sentence: String

        /// More bytes, lines or media sections than `SessionDescription.Limits` takes.
        package static let tooLarge = Code(sentence: "too large")
        /// A line that is not `x=…`, or that holds NUL or a lone CR.
        package static let malformedLine = Code(sentence: "malformed line")
        /// `v=` is missing or not 0.
        package static let badVersion = Code(sentence: "no v=0")
        /// `o=` is missing or not made of six fields.
        package static let badOrigin = Code(sentence: "bad o= line")
        /// `c=` is not made of three fields.
        package static let badConnection = Code(sentence: "bad c= line")
        /// `m=` lacks a field, or has a port that is none.
        package static let badMedia = Code(sentence: "bad m= line")
    }

    package var code: Code
    /// The line, from 1; 0 where the fault belongs to no line.
    package var line: Int

    package init(_ code: Code, line: Int = 0) {
        self.code = code
        self.line = line
    }

    package var description: String {
        self.line == 0 ? "SDP: \(self.code.sentence)" : "SDP line \(self.line): \(self.code.sentence)"
    }
}
