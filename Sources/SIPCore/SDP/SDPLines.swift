/// What the session level and a media section have in common: lines in their order.
package protocol SDPLines {
    /// Every line but `m=`.
    var lines: [SDPLine] { get set }
}

extension SDPLines {
    /// The value of the first attribute of that name; empty where it has none, nil where there is no such attribute.
    package func attribute(_ name: String) -> Substring? {
        for line in self.lines {
            if let value = line.value(ofAttribute: name) { return value }
        }
        return nil
    }

    package func hasAttribute(_ name: String) -> Bool {
        self.lines.contains { $0.isAttribute(name) }
    }

    /// The values of every attribute of that name, in order.
    package func attributes(_ name: String) -> [Substring] {
        self.lines.compactMap { $0.value(ofAttribute: name) }
    }

    /// Gives the first attribute of that name this value, takes the others away, and adds the attribute at the end where
    /// there was none.
    package mutating func setAttribute(_ name: String, to value: String?) {
        let line = SDPLine.attribute(name, value)
        guard let index = self.lines.firstIndex(where: { $0.isAttribute(name) }) else {
            self.lines.append(line)
            return
        }
        self.lines[index] = line
        self.removeLines(behind: index) { $0.isAttribute(name) }
    }

    /// Mostly there are none, and then nothing is copied.
    private mutating func removeLines(behind index: Int, where isRemoved: (SDPLine) -> Bool) {
        for place in self.lines.indices.reversed() where place > index && isRemoved(self.lines[place]) {
            self.lines.remove(at: place)
        }
    }

    package mutating func removeAttributes(_ name: String) {
        self.lines.removeAll { $0.isAttribute(name) }
    }

    /// The `c=` line of this level (of several, the first); setting nil removes all.
    package var connection: SDPConnection? {
        get {
            self.lines.first { $0.type == SDPLine.connectionType }.flatMap { SDPConnection($0.value) }
        }
        set {
            let isConnection: (SDPLine) -> Bool = { $0.type == SDPLine.connectionType }
            let line = newValue.map { SDPLine(SDPLine.connectionType, $0.text) }
            switch (self.lines.firstIndex(where: isConnection), line) {
            case (let index?, let line?):
                self.lines[index] = line
                self.removeLines(behind: index, where: isConnection)
            case (let index?, nil):
                self.removeLines(behind: index - 1, where: isConnection)
            case (nil, let line?):
                self.lines.insert(line, at: self.placeOfConnection)
            case (nil, nil):
                break
            }
        }
    }

    /// Behind v=, o=, s=, i=, u=, e= and p=, which stand before c= (RFC 8866 §5).
    private var placeOfConnection: Int {
        let before = ByteSet("vosiuep")
        return self.lines.firstIndex { !before.contains($0.type) } ?? self.lines.count
    }

    /// The direction this level states; nil where it states none.
    package var statedDirection: SDPDirection? {
        get {
            for line in self.lines {
                if line.isAttribute, let direction = SDPDirection(line.value) { return direction }
            }
            return nil
        }
        set {
            let isDirection: (SDPLine) -> Bool = { $0.isAttribute && SDPDirection($0.value) != nil }
            let index = self.lines.firstIndex(where: isDirection)
            self.lines.removeAll(where: isDirection)
            guard let newValue else { return }
            self.lines.insert(.attribute(newValue.rawValue), at: index ?? self.lines.count)
        }
    }

    /// An upper bound of what `writeLines` appends.
    var linesSizeBound: Int {
        self.lines.reduce(0) { $0 + 4 + $1.value.utf8.count }
    }

    func writeLines(into output: inout [UInt8]) {
        for line in self.lines {
            output.append(line.type)
            output.append(UInt8(ascii: "="))
            output.append(sdp: line.value)
            output.append(literal: "\r\n")
        }
    }
}

extension [UInt8] {
    /// Appends `text` without CR, LF and NUL, so that no value can begin a line of its own.
    mutating func append(sdp text: Substring) {
        let isCopied = text.utf8.withContiguousStorageIfAvailable { buffer in
            guard buffer.allSatisfy({ !$0.endsSDPValue }) else { return false }
            self.append(contentsOf: buffer)
            return true
        }
        guard isCopied != true else { return }
        for byte in text.utf8 where !byte.endsSDPValue { self.append(byte) }
    }
}

extension UInt8 {
    fileprivate var endsSDPValue: Bool { self == 0x0D || self == 0x0A || self == 0 }
}
