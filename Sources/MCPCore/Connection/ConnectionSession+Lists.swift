import MCPWire

/// The reading of tools, prompts and resources.
extension ConnectionSession {
    /// Begins to read all lists that the server declared; the others are settled at once (S-001, S-185).
    public mutating func discover(at now: Instant, _ ids: inout RequestIDs) -> [Action] {
        ListKind.allCases.flatMap { list($0, at: now, &ids) }
    }

    /// Reads all lists once more, those that are being read as soon as they are complete (S-039).
    public mutating func refresh(at now: Instant, _ ids: inout RequestIDs) -> [Action] {
        ListKind.allCases.flatMap { kind -> [Action] in
            guard listings[kind.index].requestID != nil else { return list(kind, at: now, &ids) }
            (listings[kind.index].isStale, listings[kind.index].isWanted) = (true, true)
            return []
        }
    }

    /// When something is due: a page without answer, or a list to be asked for once more; nil when nothing is.
    public var nextDeadline: Instant? {
        var earliest: Instant?
        for listing in listings {
            if let due = listing.due { earliest = earliest.map { min($0, due) } ?? due }
        }
        return earliest
    }

    /// Gives up what has no answer in its time, and asks once more for what is to be asked for.
    public mutating func expire(at now: Instant, _ ids: inout RequestIDs) -> [Action] {
        ListKind.allCases.flatMap { kind -> [Action] in
            guard let due = listings[kind.index].due, due <= now else { return [] }
            guard let requestID = listings[kind.index].requestID else {
                listings[kind.index].noteReread(at: now)
                return reread(kind, at: now, &ids)
            }
            let cancelled = RequestWriter.cancelled(requestID, reason: "no answer within the time given")
            return [.send(cancelled), .gaveUp(requestID: requestID)] + listFailed(kind, at: now)
        }
    }

    func listKind(ofRequest id: Int) -> ListKind? {
        ListKind.allCases.first { listings[$0.index].requestID == id }
    }

    /// What a list holds has changed, the server says; a reading that is under way is repeated when it is complete.
    ///
    /// Some servers say so whenever they are asked for the list: after some times in a row it is read again no sooner
    /// than `backoffBase` after the last time.
    mutating func changed(_ kind: ListKind, at now: Instant, _ ids: inout RequestIDs) -> [Action] {
        guard listings[kind.index].requestID == nil else {
            listings[kind.index].isStale = true
            return []
        }
        guard let next = listings[kind.index].reread(at: now, apart: policy.backoffBase) else {
            return list(kind, at: now, &ids)
        }
        listings[kind.index].due = next
        return []
    }

    private mutating func list(_ kind: ListKind, at now: Instant, _ ids: inout RequestIDs) -> [Action] {
        guard let capabilities, capabilities.declared.contains(kind) else { return [.settled(kind)] }
        listings[kind.index].retries = 0
        return reread(kind, at: now, &ids)
    }

    private mutating func reread(_ kind: ListKind, at now: Instant, _ ids: inout RequestIDs) -> [Action] {
        listings[kind.index].restart()
        return [request(kind, cursor: nil, at: now, &ids)]
    }

    private mutating func request(
        _ kind: ListKind, cursor: String?, at now: Instant, _ ids: inout RequestIDs
    ) -> Action {
        let id = ids.next()
        listings[kind.index].requestID = id
        listings[kind.index].due = policy.requestTimeout.map { now.advanced(by: $0) }
        return .send(RequestWriter.request(id, kind.method, cursor.map { ["cursor": .string($0)] }))
    }

    mutating func listed(
        _ kind: ListKind, _ outcome: CallLedger.Outcome, _ bytes: [UInt8], at now: Instant,
        _ ids: inout RequestIDs
    ) -> [Action] {
        listings[kind.index].requestID = nil
        listings[kind.index].due = nil
        var actions: [Action] = []
        do throws(MalformedAnswer) {
            // A list that is refused stays as it was.
            if case .success(let page) = outcome {
                switch try listings[kind.index].receive(page, byteCount: bytes.count) {
                case .next(let cursor): return [request(kind, cursor: cursor, at: now, &ids)]
                case .complete(let items): actions = [.listed(kind, items)]
                }
            }
        } catch {
            actions = [.violation(error.reason, bytes: bytes)]
        }
        guard listings[kind.index].isStale else { return actions + [.settled(kind)] }
        if listings[kind.index].isWanted { return actions + list(kind, at: now, &ids) }
        let again = changed(kind, at: now, &ids)
        return actions + (again.isEmpty ? [.settled(kind)] : again)
    }

    /// A page has no answer: the list is read again from the start after 1, 2, 4 … s, as often as the policy says.
    mutating func listFailed(_ kind: ListKind, at now: Instant) -> [Action] {
        listings[kind.index].requestID = nil
        let retries = listings[kind.index].retries
        guard retries < policy.discoveryRetries else {
            listings[kind.index].due = nil
            return [.settled(kind)]
        }
        listings[kind.index].retries += 1
        listings[kind.index].due = now.advanced(by: policy.backoffBase * (1 << min(retries, 30)))
        return []
    }
}
