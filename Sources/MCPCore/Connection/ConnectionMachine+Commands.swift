extension ConnectionMachine {
    /// A fresh connection with attempts counted from 0; an attempt that is under way is joined (RS-14, RS-16).
    mutating func reconnect(with replacement: ServerConfiguration?) throws(ConnectionError) -> [Action] {
        switch track.status {
        case .disabled(let cause): throw .disabled(server: configuration.name, cause)
        case .needsAuth: throw .needsAuth(server: configuration.name)
        case nil, .pending, .connected, .failed: break
        }
        let isChanged = replacement != nil && replacement != configuration
        if let replacement { replaceConfiguration(replacement) }
        if isConnecting, !isChanged { return [] }
        let end = leave()
        startRun()
        return end + publish(pending) + connect()
    }

    /// Switches a server on that the user switched off; nothing to do for one that is not off (S-021, S-036).
    mutating func enable() throws(ConnectionError) -> [Action] {
        guard case .disabled(let cause) = track.status else { return [] }
        guard cause == .user else { throw .disabled(server: configuration.name, cause) }
        startRun()
        return publish(pending) + connect()
    }

    /// Switches a server off; one that is off keeps its cause (S-021, S-035).
    mutating func disable(_ cause: DisabledCause) -> [Action] {
        if case .disabled = track.status { return [] }
        return leave() + publish(.disabled(cause))
    }

    /// The user starts to sign in, where that can help: NeedsAuth stays, Failed becomes it (table of states).
    mutating func beginSignIn() throws(ConnectionError) -> [Action] {
        switch track.status {
        case .needsAuth: return []
        case .failed: return publish(.needsAuth)
        case .disabled(let cause): throw .disabled(server: configuration.name, cause)
        case nil, .pending, .connected: throw .illegalTransition(from: track.status?.state, to: .needsAuth)
        }
    }

    /// The end of a sign-in: a connect at once, or Failed for good (S-030).
    mutating func endSignIn(_ succeeded: Bool) throws(ConnectionError) -> [Action] {
        guard track.status == .needsAuth else {
            if case .disabled(let cause) = track.status { throw .disabled(server: configuration.name, cause) }
            throw .illegalTransition(from: track.status?.state, to: succeeded ? .pending : .failed)
        }
        guard succeeded else { return publish(.failed(.auth, willRetry: false)) }
        startRun()
        return publish(pending) + connect()
    }

    /// Ends what is under way, whatever it is.
    private mutating func leave() -> [Action] {
        defer { phase = .resting }
        switch phase {
        case .resting, .waitingForUse, .backingOff: return []
        case .connecting: return [.abandon(generation: generation)]
        case .connected: return [.abandon(generation: generation), .clearTools]
        }
    }
}
