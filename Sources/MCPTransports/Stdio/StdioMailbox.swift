import MCPCore
import Synchronization

/// What has come from a server and was not taken yet.
final class StdioMailbox: Sendable {
    private let state = Mutex(State())
    private let byteCountMax: Int

    private struct State: Sendable {
        var events: [StreamEvent] = []
        var taken = 0
        var byteCount = 0
        var reader: CheckedContinuation<StreamEvent?, Never>?
        /// Called when there is room again.
        var resume: (@Sendable () -> Void)?
        var isFinished = false
    }

    /// Empty; full with so many bytes of messages.
    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Puts in an event; it is lost once ``finish()`` was called.
    func put(_ event: StreamEvent) {
        let reader = state.withLock { state -> CheckedContinuation<StreamEvent?, Never>? in
            guard !state.isFinished else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            state.events.append(event)
            state.byteCount += event.byteCount
            return nil
        }
        reader?.resume(returning: event)
    }

    /// Whether more may be put in; if not, `resume` is called as soon as there is room.
    func hasRoom(otherwise resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.byteCount >= byteCountMax, !state.isFinished else { return true }
            state.resume = resume
            return false
        }
    }

    /// The next event; nil after ``finish()``.
    func next() async -> StreamEvent? {
        await withCheckedContinuation { continuation in
            let (event, isWaiting, resume) = state.withLock { state -> (StreamEvent?, Bool, (@Sendable () -> Void)?) in
                if state.isFinished { return (nil, false, nil) }
                guard state.taken < state.events.count else {
                    state.reader = continuation
                    return (nil, true, nil)
                }
                let event = state.events[state.taken]
                state.taken += 1
                if state.taken >= 64 || state.taken == state.events.count {
                    state.events.removeFirst(state.taken)
                    state.taken = 0
                }
                state.byteCount -= event.byteCount
                guard state.byteCount < byteCountMax else { return (event, false, nil) }
                defer { state.resume = nil }
                return (event, false, state.resume)
            }
            if !isWaiting { continuation.resume(returning: event) }
            resume?()
        }
    }

    /// Nothing more is taken, or put in.
    func finish() {
        let (reader, resume) = state.withLock { state in
            defer { state = State(isFinished: true) }
            return (state.reader, state.resume)
        }
        reader?.resume(returning: nil)
        resume?()
    }
}

extension StreamEvent {
    /// What it takes in a mailbox; never nothing, so that empty messages cannot fill the memory.
    fileprivate var byteCount: Int {
        if case .message(let bytes) = self { bytes.count + 64 } else { 64 }
    }
}
