/// What came of a number of calls.
struct Tally {
    var completed = 0
    var failures: [String: Int] = [:]
    /// From `start_call` sent to `call_answered` received.
    var answered = Samples()
    /// From `offer` sent to `call_answer` received.
    var negotiated = Samples()

    var failed: Int { self.failures.values.reduce(0, +) }

    mutating func fail(_ reason: String) {
        self.failures[reason, default: 0] += 1
    }

    /// As a JSON object.
    func json(seconds: Double, socketsLost: Int) -> String {
        let failures = self.failures.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }
        return """
            {"completed":\(self.completed),"failed":\(self.failed),"failures":{\(failures.joined(separator: ","))},\
            "sockets_lost":\(socketsLost),"seconds":\(seconds),\
            "answered":\(self.answered.json),"negotiated":\(self.negotiated.json)}
            """
    }
}
