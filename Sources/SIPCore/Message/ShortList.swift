/// A list that mostly has one element or none, and then takes no allocation.
///
/// Inlinable throughout: other modules would go through its witnesses, which allocate.
package struct ShortList<Element> {
    /// Never nil while there are others.
    @usableFromInline var head: Element?
    @usableFromInline var others: [Element]

    @inlinable package init() {
        self.head = nil
        self.others = []
    }
}

extension ShortList: Equatable where Element: Equatable {}
extension ShortList: Hashable where Element: Hashable {}
extension ShortList: Sendable where Element: Sendable {}

extension ShortList: ExpressibleByArrayLiteral {
    @inlinable package init(arrayLiteral elements: Element...) {
        self.head = elements.first
        self.others = elements.count > 1 ? Array(elements[1...]) : []
    }

    @inlinable package init(_ element: Element) {
        self.head = element
        self.others = []
    }
}

extension ShortList: RandomAccessCollection, MutableCollection, RangeReplaceableCollection {
    @inlinable package var startIndex: Int { 0 }
    @inlinable package var endIndex: Int { self.head == nil ? 0 : 1 + self.others.count }

    @inlinable package var first: Element? { self.head }

    @inlinable package subscript(position: Int) -> Element {
        get {
            if position == 0, let head = self.head { return head }
            return self.others[position - 1]
        }
        _modify {
            if position == 0, var head = self.head {
                self.head = nil
                defer { self.head = head }
                yield &head
            } else {
                yield &self.others[position - 1]
            }
        }
    }

    @inlinable package mutating func append(_ element: Element) {
        if self.head == nil { self.head = element } else { self.others.append(element) }
    }

    @inlinable package mutating func replaceSubrange(_ range: Range<Int>, with elements: some Collection<Element>) {
        var all = Array(self)
        all.replaceSubrange(range, with: elements)
        self.head = all.first
        self.others = Array(all.dropFirst())
    }
}
