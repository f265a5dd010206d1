extension GatewayConfiguration {
    /// One of `phones`: a phone that may register here; `switchhook phone add` adds others to the storage.
    ///
    /// - `extension`: its number, which is also the user of its address and of its credentials; unique, has no default.
    /// - `password`: for digest; has no default.
    /// - `display_name`: what those see whom it calls; default, what the phone says.
    package struct Phone: Hashable, Sendable {
        package var number: String
        package var password: Secret
        package var displayName: String?
    }
}

extension GatewayConfiguration.Phone {
    static func readAll(_ value: ValueReader?) -> [Self] {
        var owners: [String: String] = [:]
        return value?.list { element -> Self? in
            guard let reader = element.mapping() else { return nil }
            defer { reader.finish() }
            let number = reader.required("extension").flatMap { value -> String? in
                guard let number = value.nonEmptyText() else { return nil }
                if let path = owners[number] {
                    value.fail("\(path) has the extension \"\(number)\" already")
                } else {
                    owners[number] = element.path
                }
                return number
            }
            let password = reader.required("password")?.secret()
            let displayName = reader.value("display_name")?.nonEmptyText()
            guard let number, let password else { return nil }
            return Self(number: number, password: password, displayName: displayName)
        } ?? []
    }
}
