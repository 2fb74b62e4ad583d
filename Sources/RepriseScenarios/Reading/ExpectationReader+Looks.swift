import MCPCore
import RepriseSimulation

extension ExpectationReader {
    func looks(_ item: YAMLItem?) throws(ScenarioError) -> [Expectations.Look] {
        var looks: [Expectations.Look] = []
        let shown = ["state", "attempt", "tools", "timers"]
        for item in try item?.list("looks") ?? [] {
            let fields = try YAMLFields(item, "a look", keys: ["at", "server", "clients"] + shown)
            guard shown.contains(where: { fields[$0] != nil }) else {
                throw item.error("a look needs one of the keys \(shown.joined(separator: ", "))")
            }
            looks.append(
                Expectations.Look(
                    at: try fields.required("at").instant(notAfter: end),
                    server: try fields.required("server").name("server", of: mcpServerNames),
                    state: try fields["state"]?.word("state"),
                    attempt: try fields["attempt"]?.integer(in: 0...Int.max, "a number of attempts"),
                    toolCount: try fields["tools"]?.integer(in: 0...Int.max, "a number of tools"),
                    timerCount: try fields["timers"]?.integer(in: 0...Int.max, "a number of timers"),
                    clientCount: try fields["clients"].map { item throws(ScenarioError) in
                        try Self.range(item, "a number of clients, or {at-least: …, at-most: …}")
                    }, line: item.line))
        }
        return looks
    }

    func peaks(_ item: YAMLItem?) throws(ScenarioError) -> [Expectations.Peak] {
        var peaks: [Expectations.Peak] = []
        for item in try item?.list("peaks") ?? [] {
            let fields = try YAMLFields(item, "a peak", keys: ["server", "route", "bucket", "at-most"])
            let route = try fields.required("route")
            try Self.checkRoute(try route.text("a route"), line: route.line, in: route)
            let bucket = try fields.required("bucket")
            let length = try bucket.duration()
            guard length > .zero else { throw bucket.error("a bucket is longer than 0") }
            peaks.append(
                Expectations.Peak(
                    server: try fields.required("server").name("server", of: serverNames),
                    route: try route.text("a route"), bucket: length,
                    atMost: try fields.required("at-most").integer(in: 0...Int.max), line: item.line))
        }
        return peaks
    }

    /// What must never be observed, in the order of the file.
    func prohibitions() throws(ScenarioError) -> [Prohibition] {
        var prohibitions: [Prohibition] = []
        let kinds = ChannelKind.allCases.map(\.rawValue)
        for item in try fields["never"]?.list("prohibitions") ?? [] {
            let fields = try YAMLFields(item, "never", keys: kinds + ["state", "from", "until"])
            let (key, value) = try fields.exactlyOne(of: kinds, "never")
            guard let kind = ChannelKind(rawValue: key) else { continue }
            if kind != .states { try fields.refuse(["state"], beside: key) }
            let from = try fields["from"]?.instant(notAfter: end) ?? .zero
            let until = try fields["until"]?.instant() ?? end
            guard until >= from else {
                throw fields.item.error("\"until\", \(until) s, is before \"from\", \(from) s")
            }
            prohibitions.append(
                Prohibition(
                    channel: try channel(kind, value), state: try fields["state"]?.word("state"), from: from,
                    until: until, line: item.line))
        }
        return prohibitions
    }

    /// `files`, or with a detail `files connect`.
    private func channel(_ kind: ChannelKind, _ item: YAMLItem) throws(ScenarioError) -> Channel {
        let what = kind.isOfSteps ? "the id of a step" : kind.hasDetail ? "a server and a name" : "a server"
        let words = try item.text(what).split(separator: " ", maxSplits: 1).map(String.init)
        guard let name = words.first, words.count == 1 || kind.hasDetail else {
            throw item.error("expected \(what), got \(item.kind)")
        }
        try check(name, kind, line: item.line, in: item)
        guard words.count == 2 else { return Channel(kind, name) }
        if kind.hasRoutes { try Self.checkRoute(words[1], line: item.line, in: item) }
        return Channel(kind, name, words[1])
    }
}
