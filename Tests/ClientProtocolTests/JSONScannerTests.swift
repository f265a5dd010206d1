import ClientProtocol
import Testing

@Suite("The JSON scanner") struct JSONScannerTests {
    private func scan(_ bytes: [UInt8]) throws(JSONFault) -> JSONValue {
        var scanner = JSONScanner()
        let value = try scanner.value(in: bytes.span)
        try scanner.end(in: bytes.span)
        return value
    }

    private func fault(_ bytes: [UInt8]) -> JSONFault? {
        do {
            _ = try self.scan(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "Valid values are accepted, with their kind",
        arguments: [
            ("null", JSONValue.Kind.null), ("true", .bool(true)), ("false", .bool(false)),
            ("0", .number(integer: true)), ("-0", .number(integer: true)), ("10", .number(integer: true)),
            ("1.5", .number(integer: false)), ("1e3", .number(integer: false)), ("1E+3", .number(integer: false)),
            ("-0.0e-0", .number(integer: false)), (#""""#, .string(escaped: false)),
            (#""é😀""#, .string(escaped: false)), (#""\"\\\/\b\f\n\r\t\u00e9""#, .string(escaped: true)),
            (#""\ud800""#, .string(escaped: true)), ("\"\u{2028}\u{7F}\"", .string(escaped: false)),
            ("[]", .array), ("{}", .object), (#"[1,{"a":[{}, [ ]],"b":"}"},null]"#, .array),
            (" \t\r\n{ \"a\" : 1 , \"\" : [ ] } \n", .object),
        ]
    )
    func validValues(text: String, kind: JSONValue.Kind) throws {
        #expect(try self.scan(Array(text.utf8)).kind == kind)
    }

    @Test(
        "Invalid values are refused, with the place",
        arguments: [
            ("", JSONFault.Kind.ended, 0), ("  ", .ended, 2), ("nul", .ended, 3), ("nulL", .unexpectedByte, 0),
            ("+1", .unexpectedByte, 0), ("01", .badNumber, 1), ("-", .ended, 1), ("-a", .badNumber, 1),
            ("1.", .ended, 2), ("1.e3", .badNumber, 2), ("1e", .ended, 2), ("1e+", .ended, 3),
            (".5", .unexpectedByte, 0),
            ("0x10", .trailingBytes, 1), ("NaN", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
            (#"""#, .ended, 1), (#""a"#, .ended, 2), (#""\"#, .ended, 2), (#""\x""#, .badEscape, 2),
            (#""\u12g4""#, .badEscape, 5), (#""\u12"#, .ended, 5), ("\"\n\"", .controlCharacter, 1),
            ("\"\0\"", .controlCharacter, 1), ("[", .ended, 1), ("[1", .ended, 2), ("[1,]", .unexpectedByte, 3),
            ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3), ("[1}", .unexpectedByte, 2),
            ("{", .ended, 1), ("{]", .unexpectedByte, 1), (#"{"a"}"#, .unexpectedByte, 4),
            (#"{"a":}"#, .unexpectedByte, 5),
            (#"{"a":1,}"#, .unexpectedByte, 7), (#"{a:1}"#, .unexpectedByte, 1), (#"{1:1}"#, .unexpectedByte, 1),
            (#"{"a":1 "b":2}"#, .unexpectedByte, 7), ("1 2", .trailingBytes, 2), ("{}}", .trailingBytes, 2),
            ("/**/1", .unexpectedByte, 0), ("\u{FEFF}1", .unexpectedByte, 0),
        ]
    )
    func invalidValues(text: String, kind: JSONFault.Kind, offset: Int) {
        #expect(self.fault(Array(text.utf8)) == JSONFault(kind, at: offset))
    }

    @Test(
        "Invalid UTF-8 in a string is refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x28, 0x80],
        ] as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        #expect(self.fault([0x22, 0x61] + bytes + [0x22]) == JSONFault(.badUTF8, at: 2))
        let text = [0x61] + bytes
        let isValid = UTF8Check.isValid(text.span)
        #expect(!isValid)
    }

    @Test("UTF-8 is judged as the standard library judges it, for every two-byte and many four-byte texts")
    func utf8AgainstStandardLibrary() {
        let edges: [UInt8] = [
            0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5,
        ]
        var disagreements: [[UInt8]] = []
        func compare(_ bytes: [UInt8]) {
            if UTF8Check.isValid(bytes.span) != (String(validating: bytes, as: UTF8.self) != nil) {
                disagreements.append(bytes)
            }
        }
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max { compare([first, second]) }
        }
        for first in edges {
            for second in edges {
                for third in edges {
                    for fourth in edges { compare([first, second, third, fourth]) }
                }
            }
        }
        #expect(disagreements == [])
    }

    @Test("64 levels are taken, 65 are not, and a million do no harm") func depth() throws {
        func nest(_ open: String, _ close: String, _ depth: Int) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        #expect(try self.scan(nest("[", "]", 64)).kind == .array)
        #expect(try self.scan(nest(#"{"a":"#, "}", 64)).kind == .object)
        #expect(self.fault(nest("[", "]", 65)) == JSONFault(.tooDeep, at: 64))
        #expect(self.fault(nest(#"{"a":"#, "}", 65)) == JSONFault(.tooDeep, at: 320))
        #expect(self.fault(nest("[", "", 1_000_000)) == JSONFault(.tooDeep, at: 64))
        // The object around the members counts too.
        #expect(
            fault(of: #"{"action":"x","a":"# + String(decoding: nest("[", "]", 63), as: UTF8.self) + "}")
                == .unknownAction
        )
        #expect(
            fault(of: #"{"action":"x","a":"# + String(decoding: nest("[", "]", 64), as: UTF8.self) + "}") == .badJSON
        )
    }

    private func fault(of text: String) -> ClientError.Code? { ClientProtocolTests.fault(text)?.code }

    @Test(
        "A string is decoded",
        arguments: [
            (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u00E9""#, "éé"),
            (#""x\ud83d\uDE00y""#, "x😀y"), (#""\u0000""#, "\0"), (#""\ud800""#, nil), (#""\udc00""#, nil),
            (#""\ud800\ud800""#, nil), (#""\ud800x""#, nil), (#""\ud800\n""#, nil), (#""\uffff""#, "\u{FFFF}"),
            ("1", nil),
        ] as [(String, String?)]
    )
    func decoding(text: String, decoded: String?) throws {
        let bytes = Array(text.utf8)
        let value = try self.scan(bytes)
        let text = JSONText.string(value, in: bytes.span)
        #expect(text == decoded)
    }

    @Test("The elements of an array are found") func elements() throws {
        let bytes = Array(#" [ 1 , "a",[2] ] "#.utf8)
        var scanner = JSONScanner()
        try scanner.enterArray(in: bytes.span)
        var texts: [String] = []
        while let element = try scanner.nextElement(in: bytes.span) {
            texts.append(JSONText.string(bytes.span, element.range))
        }
        try scanner.end(in: bytes.span)
        #expect(texts == ["1", #""a""#, "[2]"])
    }
}
