import MCPWire

/// Those who wait for the end of a call, and hear of its progress in between.
extension ManagerState {
    /// What a caller hears next.
    enum CallNews: Sendable {
        /// Nothing came for a while: progress, in order.
        case progress([RequestProgress])
        case ended(CallLedger.Outcome)
    }

    typealias CallContinuation = CheckedContinuation<CallNews, Never>

    /// One caller.
    struct Caller {
        /// Where it waits; nil while it looks at progress.
        var continuation: CallContinuation?
        var progress: [RequestProgress] = []
        /// How the call has ended meanwhile.
        var outcome: CallLedger.Outcome?
    }

    /// How much progress is kept for a caller that does not look; older is forgotten.
    static var progressMax: Int { 256 }

    /// A caller has looked at the progress and waits for what is next.
    func awaitNews(_ number: Int, _ continuation: CallContinuation) {
        guard let caller = callers[number] else {
            preconditionFailure("nobody waits for the call \(number)")
        }
        if !caller.progress.isEmpty {
            callers[number]?.progress = []
            wakings.add { continuation.resume(returning: .progress(caller.progress)) }
        } else if let outcome = caller.outcome {
            callers[number] = nil
            wakings.add { continuation.resume(returning: .ended(outcome)) }
        } else {
            callers[number]?.continuation = continuation
        }
    }

    /// A server has come further with a request; what belongs to none is counted.
    func progressed(_ server: ManagedServer, _ token: Int?, _ progress: RequestProgress) {
        guard let token, let number = server.ledger.progressed(token: token, at: time.now),
            let caller = callers[number]
        else {
            server.counts.unknownProgress += 1
            return
        }
        if let continuation = caller.continuation {
            callers[number]?.continuation = nil
            wakings.add { continuation.resume(returning: .progress([progress])) }
        } else {
            if caller.progress.count == Self.progressMax { callers[number]?.progress.removeFirst() }
            callers[number]?.progress.append(progress)
        }
    }

    /// Tells a caller how its call has ended.
    func tellCaller(_ number: Int, _ outcome: CallLedger.Outcome) {
        guard let caller = callers[number] else { return }
        guard let continuation = caller.continuation else {
            callers[number]?.outcome = outcome
            return
        }
        callers[number] = nil
        wakings.add { continuation.resume(returning: .ended(outcome)) }
    }
}
