/// The `;name=value` list of a URI or of a header field value, in the order it came in.
///
/// Names compare without regard to case (RFC 3261 §7.3.1). Values are kept as they were on the wire: a quoted
/// string keeps its quotes.
package struct SIPParameters: Hashable, Sendable {
    package struct Parameter: Hashable, Sendable {
        package var name: String
        /// nil: the parameter stands without `=`.
        package var value: String?

        package init(_ name: String, _ value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    /// Most are a tag alone.
    package var list: ShortList<Parameter>

    package init(_ list: [Parameter] = []) {
        self.list = ShortList(list)
    }

    /// The value of the first parameter of that name; nil where there is none or it has no value.
    package subscript(name: String) -> String? {
        for parameter in self.list where parameter.name.equalsIgnoringCase(name) { return parameter.value }
        return nil
    }

    /// Appends a parameter; other modules would go through the list's witnesses.
    package mutating func append(_ parameter: Parameter) {
        self.list.append(parameter)
    }

    /// Gives each to `body`, in order; as `append`, for other modules.
    package func visit(_ body: (Parameter) -> Void) {
        for parameter in self.list { body(parameter) }
    }

    package func contains(_ name: String) -> Bool {
        self.list.contains { $0.name.equalsIgnoringCase(name) }
    }

    /// Sets the parameter, or takes it away where `value` is nil.
    package mutating func set(_ name: String, to value: String?) {
        let index = self.list.firstIndex { $0.name.equalsIgnoringCase(name) }
        switch (index, value) {
        case (let index?, let value?): self.list[index].value = value
        case (let index?, nil): self.list.remove(at: index)
        case (nil, let value?): self.list.append(Parameter(name, value))
        case (nil, nil): break
        }
    }
}

extension String {
    /// Whether both are the same, taking ASCII letters without regard to case (RFC 3261 §7.3.1).
    package func equalsIgnoringCase(_ other: String) -> Bool {
        let left = self.utf8
        let right = other.utf8
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { $0 == $1 || ($0.asciiLowercased == $1.asciiLowercased) }
    }
}

extension UInt8 {
    /// This byte as a lower-case ASCII letter where it is an upper-case one.
    package var asciiLowercased: UInt8 {
        self >= 0x41 && self <= 0x5A ? self | 0x20 : self
    }
}
