package import SIPCore

extension SIPParameters: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: Parameter...) {
        self.init(elements)
    }
}
