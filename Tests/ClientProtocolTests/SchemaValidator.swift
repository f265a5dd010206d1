import Foundation
import Testing

/// As much of JSON Schema (draft 2020-12) as our schemas use; another keyword is an error, so that none goes unchecked.
struct SchemaValidator {
    struct UnknownKeyword: Error {
        var keyword: String
    }

    let root: [String: Any]

    init(_ data: Data) throws {
        self.root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    var definitions: [String: [String: Any]] { self.root["$defs"] as? [String: [String: Any]] ?? [:] }

    /// The names of the messages.
    var messages: Set<String> {
        let references = (self.root["oneOf"] as? [[String: String]] ?? []).compactMap { $0["$ref"] }
        return Set(references.map { String($0.dropFirst("#/$defs/".count)) })
    }

    func accepts(_ text: String) throws -> Bool {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
        return try self.accepts(value, self.root)
    }

    private func accepts(_ value: Any, _ schema: [String: Any]) throws -> Bool {
        try schema.allSatisfy { keyword, argument in try self.accepts(value, keyword, argument, schema) }
    }

    private func accepts(_ value: Any, _ keyword: String, _ argument: Any, _ schema: [String: Any]) throws -> Bool {
        let object = value as? [String: Any]
        let text = value as? String
        switch keyword {
        case "$schema", "$defs", "title", "description":
            return true
        case "$ref":
            let name = String((argument as? String ?? "").dropFirst("#/$defs/".count))
            return try self.accepts(value, try #require(self.definitions[name]))
        case "oneOf":
            return try (argument as? [[String: Any]] ?? []).filter { try self.accepts(value, $0) }.count == 1
        case "anyOf":
            return try (argument as? [[String: Any]] ?? []).contains { try self.accepts(value, $0) }
        case "not":
            return try !self.accepts(value, try #require(argument as? [String: Any]))
        case "const":
            return (argument as? String) == text
        case "enum":
            return (argument as? [String] ?? []).contains { $0 == text }
        case "type":
            let types = argument as? [String] ?? [argument as? String ?? ""]
            return types.contains { Self.isOf(type: $0, value) }
        case "required":
            return object.map { object in (argument as? [String] ?? []).allSatisfy { object[$0] != nil } } ?? true
        case "properties":
            let properties = try #require(argument as? [String: [String: Any]])
            return try object?.allSatisfy { name, value in
                try properties[name].map { try self.accepts(value, $0) } ?? true
            } ?? true
        case "items":
            let schema = try #require(argument as? [String: Any])
            return try (value as? [Any])?.allSatisfy { try self.accepts($0, schema) } ?? true
        case "minLength":
            return try text.map { $0.unicodeScalars.count >= (try #require(argument as? Int)) } ?? true
        case "maxLength":
            return try text.map { $0.unicodeScalars.count <= (try #require(argument as? Int)) } ?? true
        case "pattern":
            let pattern = try #require(argument as? String)
            return text?.range(of: pattern, options: .regularExpression) != nil || text == nil
        case "minimum":
            return Self.isOf(type: "string", value) || (value as? Double ?? 0) >= (argument as? Double ?? 0)
        case "maximum":
            return Self.isOf(type: "string", value) || (value as? Double ?? 0) <= (argument as? Double ?? 0)
        default:
            throw UnknownKeyword(keyword: keyword)
        }
    }

    private static func isOf(type: String, _ value: Any) -> Bool {
        let number = value as? NSNumber
        let isBoolean = number.map { String(cString: $0.objCType) == "c" } ?? false
        switch type {
        case "object": return value is [String: Any]
        case "array": return value is [Any]
        case "string": return value is String
        case "null": return value is NSNull
        case "boolean": return isBoolean
        case "number": return number != nil && !isBoolean
        case "integer":
            guard let number, !isBoolean else { return false }
            return number.doubleValue.rounded() == number.doubleValue
        default: return false
        }
    }
}
