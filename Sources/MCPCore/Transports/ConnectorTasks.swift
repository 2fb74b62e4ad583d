import Synchronization

/// What a connector has to do in tasks of its own, between those who leave it and the one who starts the tasks.
final class ConnectorTasks: Sendable {
    typealias Work = @Sendable () async -> Void

    private struct State {
        var hasBegun = false
        var hasEnded = false
        var work: [Work] = []
        /// Where ``next()`` waits for work.
        var parked: UnsafeContinuation<Void, Never>?
        /// What is to be told of the end, by number.
        var streams: [Int: StreamableHTTPStream] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())

    /// A number that no other stream has.
    func nextNumber() -> Int {
        state.withLock {
            $0.lastNumber += 1
            return $0.lastNumber
        }
    }

    /// Leaves work to be started; it is dropped when there is nobody any more to start it.
    func add(_ work: [Work]) {
        guard !work.isEmpty else { return }
        let parked: UnsafeContinuation<Void, Never>? = state.withLock { state in
            guard !state.hasEnded else { return nil }
            state.work += work
            defer { state.parked = nil }
            return state.parked
        }
        // Not under the lock (see WakingLock): what is resumed may be in its cancellation handler, and wait for it.
        parked?.resume()
    }

    /// Has a stream told of the end; false if that has come.
    func keep(_ stream: StreamableHTTPStream) -> Bool {
        state.withLock { state in
            guard !state.hasEnded else { return false }
            state.streams[stream.number] = stream
            return true
        }
    }

    /// The stream needs no telling any more.
    func forget(_ stream: StreamableHTTPStream) {
        state.withLock { $0.streams[stream.number] = nil }
    }

    /// Somebody begins to start tasks; false if somebody has before.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.hasBegun, !state.hasEnded else { return false }
            state.hasBegun = true
            return true
        }
    }

    /// The work to be started now, once there is some; nil at the end.
    func next() async -> [Work]? {
        while true {
            let (work, hasEnded) = state.withLock { state in
                defer { state.work = [] }
                return (state.work, state.hasEnded)
            }
            if hasEnded { return nil }
            if !work.isEmpty { return work }
            await withUnsafeContinuation { continuation in
                let isParked = state.withLock { state in
                    guard !state.hasEnded, state.work.isEmpty else { return false }
                    state.parked = continuation
                    return true
                }
                if !isParked { continuation.resume() }
            }
        }
    }

    /// Nothing is started any more, and all streams are at their end.
    func end() {
        let (parked, streams) = state.withLock { state in
            state.hasEnded = true
            state.work = []
            defer { (state.parked, state.streams) = (nil, [:]) }
            return (state.parked, state.streams.sorted { $0.key < $1.key }.map(\.value))
        }
        parked?.resume()
        for stream in streams { stream.abandon() }
    }
}
