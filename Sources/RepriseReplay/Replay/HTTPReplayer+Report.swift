import RepriseRecording

/// What a replay over HTTP found.
extension HTTPReplayer {
    /// What was found so far; what is still missing counts as never consumed.
    ///
    /// Metadata that nobody asked for is no difference, nor is a stream that was resumed more or less often, unless the
    /// server had ended it.
    public var report: ReplayReport {
        var report = found
        for session in sessions {
            for (step, isMatched) in zip(session.ledger.script.client, session.ledger.isMatched) where !isMatched {
                report.neverCame.append(.init(event: step.event, what: step.name))
            }
        }
        for session in script.sessions {
            for stream in session.openings + session.deletions where !progress[stream].isStarted {
                report.neverCame.append(item(for: stream, segment: 0))
            }
        }
        for stream in pages.neverCame { report.neverCame.append(item(for: stream, segment: 0)) }
        for (stream, content) in script.streams.enumerated() {
            for (index, segment) in content.segments.enumerated() where index > progress[stream].segment {
                if segment.followsEnding { report.neverCame.append(item(for: stream, segment: index)) }
            }
            let ledger = sessions[content.session].ledger
            for (index, element) in content.elements.enumerated() {
                guard let step = element.step, index >= progress[stream].next || ledger.isLeftOut(step) else {
                    continue
                }
                report.neverSent.append(.init(event: element.event, what: ledger.script.server[step].name))
            }
        }
        report.neverCame.sort { $0.event < $1.event }
        report.neverSent.sort { $0.event < $1.event }
        return report
    }

    private func item(for stream: Int, segment: Int) -> ReplayReport.Item {
        let exchange = script.log.exchanges[script.streams[stream].segments[segment].exchange]
        let resumed = exchange.lastEventID.map { " after event id \($0)" } ?? ""
        return .init(
            event: exchange.requestEvent, what: "\(exchange.request.method) \(exchange.request.path)\(resumed)")
    }

    /// Whether everything that was recorded came and was sent, and no client waits for anything.
    public var isFinished: Bool {
        let report = report
        return report.neverCame.isEmpty && report.neverSent.isEmpty && streamOfLive.isEmpty
    }
}
