/// Reading what a network has sent, big-endian. Each read checks its bounds and ends the process beyond them: callers
/// compare with `byteCount` first.
extension RawSpan {
    func octet(at offset: Int) -> UInt8 {
        unsafe self.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    func word16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafe self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    func word32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func word64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// Writing for a network, with the bounds of reading.
extension MutableRawSpan {
    mutating func set(octet: UInt8, at offset: Int) {
        self.storeBytes(of: octet, toByteOffset: offset, as: UInt8.self)
    }

    mutating func set(word16 word: UInt16, at offset: Int) {
        self.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    mutating func set(word32 word: UInt32, at offset: Int) {
        self.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    mutating func set(word64 word: UInt64, at offset: Int) {
        self.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Copies all of `source`, for which there must be room from `offset` on.
    mutating func copy(_ source: RawSpan, at offset: Int) {
        unsafe self.withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { bytes in
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset...])
                unsafe room.copyMemory(from: bytes)
            }
        }
    }
}
