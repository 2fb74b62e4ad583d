extension HTTPLog {
    /// For each exchange that resumes a stream, by its number, the exchange whose stream it continues.
    ///
    /// Told by the event id that the request names: the first exchange of its session that sent an event of this id.
    public var resumedStreams: [Int: Int] {
        var resumed: [Int: Int] = [:]
        var senders: [EventKey: Int] = [:]
        for exchange in exchanges {
            if let id = exchange.lastEventID {
                resumed[exchange.number] = senders[EventKey(session: exchange.session, id: id)]
            }
            for item in exchange.items {
                guard let id = item.sse?.id else { continue }
                let key = EventKey(session: exchange.session, id: id)
                senders[key] = senders[key] ?? exchange.number
            }
        }
        return resumed
    }

    private struct EventKey: Hashable {
        var session: Int?
        var id: String
    }
}
