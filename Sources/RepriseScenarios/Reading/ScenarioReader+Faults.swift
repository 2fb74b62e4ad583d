import MCPCore
import RepriseRecording
import RepriseSimulation

extension ScenarioReader {
    static let effectKeys = [
        "refuse", "delay-connect", "hang-connect", "reset", "down", "half-close", "partition", "drop", "delay",
        "duplicate", "reorder", "cut", "hold", "slow-reader", "hold-close",
    ]
    static let placementKeys = [
        "server", "client", "connection", "direction", "method", "from", "until", "skip", "count", "after", "late",
    ]

    /// The faults, in the order of the file.
    func faults() throws(ScenarioError) -> [Fault] {
        var faults: [Fault] = []
        for item in try fields["faults"]?.list("faults") ?? [] {
            let fields = try YAMLFields(item, "a fault", keys: Self.effectKeys + Self.placementKeys)
            let (key, value) = try fields.exactlyOne(of: Self.effectKeys, "a fault")
            if key == "down" {
                faults += try down(value, fields)
                continue
            }
            let placement = try placement(fields)
            let effect = try Self.effect(key, value)
            try check(effect, placement, key, value, fields)
            faults.append(Fault(effect, placement))
        }
        return faults
    }

    /// Cuts off what stands at `from`, and refuses connects until just before `until`.
    private func down(_ value: YAMLItem, _ fields: YAMLFields) throws(ScenarioError) -> [Fault] {
        try fields.refuse(Self.placementKeys.filter { !["client", "from", "until"].contains($0) }, beside: "down")
        let server = try value.name("server", of: serverNames)
        let placement = try placement(fields)
        let from = placement.from ?? .zero
        return [
            Fault(.reset(.reset), .init(server: server, client: placement.client, from: from)),
            Fault(
                .refuse(.refused),
                .init(server: server, client: placement.client, from: from, until: placement.until)),
        ]
    }

    private func placement(_ fields: YAMLFields) throws(ScenarioError) -> Fault.Placement {
        var placement = Fault.Placement()
        if let item = fields["server"] { placement.server = try item.name("server", of: serverNames) }
        if let item = fields["client"] {
            placement.client = try item.integer(in: 0...(clientCount - 1), "the number of a client")
        }
        if let item = fields["connection"] {
            placement.connection = try item.integer(in: 1...Int.max, "the number of a connection")
        }
        if let item = fields["direction"] { placement.direction = try item.word("direction") }
        if let item = fields["method"] { placement.method = try Self.method(item) }
        if let item = fields["from"] { placement.from = try item.instant(notAfter: end) }
        if let item = fields["until"] {
            let until = try item.instant()
            guard until > placement.from ?? .zero else {
                throw item.error("\(until) s is not after \"from\", \(placement.from ?? .zero) s")
            }
            placement.until = until
        }
        if let item = fields["skip"] { placement.skip = try item.integer(in: 0...Int.max, "a number of opportunities") }
        if let item = fields["count"] { placement.count = try item.integer(in: 1...Int.max, "a number of uses") }
        if let item = fields["after"] { placement.after = try Self.pattern(item) }
        if let item = fields["late"] { placement.isLate = try item.boolean() }
        return placement
    }

    private static func method(_ item: YAMLItem) throws(ScenarioError) -> String {
        let method = try item.text("a method")
        if let problem = MethodNames.problem(method, more: MethodNames.httpRoutes) { throw item.error(problem) }
        return method
    }

    private static func pattern(_ item: YAMLItem) throws(ScenarioError) -> Fault.MessagePattern {
        guard case .mapping = item.content else { return .init(method: try method(item)) }
        let fields = try YAMLFields(item, "a message", keys: ["method", "direction", "number"])
        return Fault.MessagePattern(
            method: try method(fields.required("method")),
            direction: try fields["direction"]?.word("direction"),
            number: try fields["number"]?.integer(in: 1...Int.max, "the number of a message") ?? 1)
    }

    private static func effect(_ key: String, _ value: YAMLItem) throws(ScenarioError) -> Fault.Effect {
        switch key {
        case "refuse": return .refuse(try failure(value))
        case "delay-connect": return .delayConnect(try value.duration())
        case "hang-connect": return try flag(.hangConnect, value)
        case "reset": return .reset(try failure(value))
        case "half-close": return .halfClose(try value.word("direction"))
        case "partition": return try flag(.partition, value)
        case "drop": return try flag(.drop, value)
        case "delay": return .delay(try value.duration())
        case "duplicate": return .duplicate(try value.integer(in: 2...1_000, "a number of copies"))
        case "reorder": return try flag(.reorder, value)
        case "cut": return .cut(try value.integer(in: 0...Int.max, "a number of bytes"))
        case "slow-reader":
            return .slowReader(bytesPerSecond: try value.integer(in: 1...Int.max, "bytes a second"))
        case "hold-close": return try flag(.holdClose, value)
        case "hold":
            guard case .mapping = value.content else { return try flag(.hold(release: nil), value) }
            let fields = try YAMLFields(value, "hold", keys: ["until-message"])
            return .hold(release: try pattern(fields.required("until-message")))
        default: preconditionFailure("no effect is called \(key)")
        }
    }

    /// An effect without a number: its value is `true`.
    private static func flag(_ effect: Fault.Effect, _ value: YAMLItem) throws(ScenarioError) -> Fault.Effect {
        guard case .scalar("true", isPlain: true) = value.content else {
            throw value.error("expected true, got \(value.kind)")
        }
        return effect
    }

    private static func failure(_ item: YAMLItem) throws(ScenarioError) -> TransportFailure {
        guard case .mapping = item.content else {
            return try item.word("failure", [("refused", .refused), ("reset", .reset), ("closed", .closed)])
        }
        let kinds = ["status", "exits", "misconfigured", "broken"]
        let fields = try YAMLFields(item, "a failure", keys: kinds + ["retry-after"])
        let (key, value) = try fields.exactlyOne(of: kinds, "a failure")
        if key != "status" { try fields.refuse(["retry-after"], beside: key) }
        switch key {
        case "exits": return .exited(code: try value.integer(in: 0...255, "an exit code"))
        case "misconfigured": return .misconfigured(try value.text("a reason"))
        case "broken": return .protocolBroken(try value.text("a reason"))
        default: break
        }
        switch try value.integer(in: 100...599, "an HTTP status") {
        case let status where status == 401 || status == 403:
            try fields.refuse(["retry-after"], beside: "status: \(status)")
            return .unauthorized(status: status)
        case let status where status == 429 || status == 503:
            return .unavailable(status: status, retryAfter: try fields["retry-after"]?.text("a delay"))
        case let status: throw value.error("\(status) refuses nothing; known: 401, 403, 429, 503")
        }
    }

    /// Refuses what would never have an effect.
    private func check(
        _ effect: Fault.Effect, _ placement: Fault.Placement, _ key: String, _ value: YAMLItem, _ fields: YAMLFields
    ) throws(ScenarioError) {
        switch effect {
        case .refuse, .delayConnect, .hangConnect:
            // Over HTTP each request is an attempt of its own, and its route is the method.
            let isOverHTTP = placement.server.map(httpNames.contains) ?? !httpNames.isEmpty
            try fields.refuse(["direction", "late"] + (isOverHTTP ? [] : ["method"]), beside: key)
        case .reset, .halfClose:
            try fields.refuse(["late"], beside: key)
            if placement.from == nil, placement.method == nil, placement.after == nil {
                throw value.error("\"\(key)\" needs \"from\", \"method\" or \"after\", to say when")
            }
        case .hold(release: nil), .holdClose:
            if placement.until == nil { throw value.error("\"\(key)\" needs \"until\", to say when it ends") }
        case .partition: try fields.refuse(["method", "late"], beside: key)
        default: break
        }
    }
}
