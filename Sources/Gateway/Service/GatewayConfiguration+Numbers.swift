internal import CallCore

// Numbers: what the dial plan and the rules of trunks get of the configuration.

extension NumberRules {
    init(_ rows: [DialPattern]) {
        self.init(rows.map { row in { row.resolve($0) } })
    }
}

extension DialPlan {
    init(_ rows: [GatewayConfiguration.DialRow], normalize: [DialPattern]) {
        self.init(rows: rows.map(\.entry), normalization: NumberRules(normalize))
    }
}

extension GatewayConfiguration.DialRow {
    fileprivate var entry: DialPlan.Row {
        let pattern = self.pattern
        return DialPlan.Row(
            name: self.name,
            trunks: self.trunks,
            allow: self.allow?.map(\.partyID),
            allowTrunks: self.allowTrunks,
            maxDuration: self.maxDuration?.span
        ) { pattern.resolve($0) }
    }
}
