import RepriseRecording

extension RecordingDiff {
    /// Compares how exchanges were answered and how they ended: those of paired messages, and others by what they ask.
    mutating func compareExchanges(_ sides: (DiffSide, DiffSide), _ partner: [Int: Int]) {
        var names: [Int: String] = [:]
        var pairs: [Int: Int] = [:]
        var carrying: (Set<Int>, Set<Int>) = ([], [])
        for message in sides.0.messages(.clientToServer) {
            guard let exchange = sides.0.exchange(of: message) else { continue }
            carrying.0.insert(exchange.number)
            guard pairs[exchange.number] == nil, let other = partner[message].flatMap({ sides.1.exchange(of: $0) })
            else { continue }
            names[exchange.number] = sides.0.log.title(of: message)
            pairs[exchange.number] = other.number
        }
        carrying.1 = Set(sides.1.messages(.clientToServer).compactMap { sides.1.exchange(of: $0)?.number })

        let left = sides.0.http.exchanges.filter { !carrying.0.contains($0.number) }
        let right = sides.1.http.exchanges.filter { !carrying.1.contains($0.number) }
        var waiting: [ExchangeKey: [HTTPLog.Exchange]] = [:]
        for exchange in right.reversed() { waiting[ExchangeKey(exchange), default: []].append(exchange) }
        var alone: [Int] = []
        for exchange in left {
            if let other = waiting[ExchangeKey(exchange)]?.popLast() {
                pairs[exchange.number] = other.number
            } else {
                alone.append(exchange.number)
            }
        }
        let paired = Set(pairs.values)
        for exchange in sides.0.http.exchanges {
            let name = names[exchange.number] ?? ExchangeKey(exchange).name
            if alone.contains(exchange.number) {
                entries.append(.removed(event: exchange.requestEvent, what: name))
            } else if let index = pairs[exchange.number].flatMap({ sides.1.http.index[$0] }) {
                compare(exchange, sides.1.http.exchanges[index], name: name, sides)
            }
        }
        for exchange in right where !paired.contains(exchange.number) {
            entries.append(.added(event: exchange.requestEvent, what: ExchangeKey(exchange).name))
        }
    }

    private mutating func compare(
        _ first: HTTPLog.Exchange, _ second: HTTPLog.Exchange, name: String, _ sides: (DiffSide, DiffSide)
    ) {
        let from = first.outcome(origin: sides.0.origin)
        let to = second.outcome(origin: sides.1.origin)
        guard from != to else { return }
        entries.append(
            .answered(first: first.requestEvent, second: second.requestEvent, what: name, from: from, to: to))
    }
}

/// What an exchange asks that carries no message: the k-th of each belongs to the k-th of the other recording.
private struct ExchangeKey: Hashable {
    var session: Int?
    var name: String

    init(_ exchange: HTTPLog.Exchange) {
        session = exchange.session
        let resumes = exchange.lastEventID == nil ? "" : ", resuming a stream"
        name = "\(exchange.request.method) \(exchange.request.path)\(resumes)"
    }
}

extension HTTPLog.Exchange {
    /// Status and challenges, and how it ended if not in order, without placeholders' numbers and the server's origin.
    fileprivate func outcome(origin: String?) -> String {
        var parts: [String] = []
        if let response {
            parts.append(String(response.status))
            for field in response.fields where field.name.equalsIgnoringCase("www-authenticate") {
                let bytes = DiffSide.withEqualPlaceholders(Array(field.value.utf8), field.placeholders)
                let value = String(decoding: bytes, as: UTF8.self)
                parts.append(origin.map { value.replacing($0, with: "") } ?? value)
            }
        }
        switch ending {
        case .broken(_, .refused): parts = ["server not reached"]
        case .broken(.serverToClient, _): parts.append("broken off by the server")
        case .broken(.clientToServer, _):
            // Clients leave streams when they have what they want, and whether the server is faster is chance.
            if response?.isEventStream != true { parts.append("broken off by the client") }
        case .complete, nil: break
        }
        return parts.isEmpty ? "no response" : parts.joined(separator: ", ")
    }
}
