/// What the tasks of an ``Authorizer`` share, behind its lock.
struct AuthorizerState {
    /// Where continuations are left, as they must not be resumed under the lock.
    private let wakings: Wakings
    var machine: TokenMachine
    var generator: any RandomNumberGenerator & Sendable
    /// The client of the last sign-in.
    private var lastRegistration: SignIn.Registration?
    /// The id of a client that a server has refused.
    private var doubtful: String?
    private var life = Life.before
    private var waits: [Int: Wait] = [:]
    private var number = 0
    private var work: [Work] = []
    /// The task that waits for work.
    private var parked: UnsafeContinuation<Void, Never>?
    private var sleep: Sleep?
    private var isSigningIn = false

    init(machine: TokenMachine, generator: any RandomNumberGenerator & Sendable, wakings: Wakings) {
        self.wakings = wakings
        self.machine = machine
        self.generator = generator
    }

    private enum Life {
        case before
        case running
        case over
    }

    /// Who waits for what.
    enum Wait {
        case token(CheckedContinuation<AccessToken?, Never>)
        case recovery(CheckedContinuation<AuthorizationRecovery, Never>)
    }

    /// What the tasks have to do.
    enum Work {
        case action(TokenMachine.Action)
        case sleep(until: Instant, number: Int)

        /// Whether it keeps a credential.
        var isStoring: Bool { if case .action(.replace) = self { true } else { false } }
    }

    /// The one task that waits for the machine's deadline.
    private struct Sleep {
        var deadline: Instant
        var number: Int
        /// Nil until the task has begun.
        var handle: TaskHandle?
    }

    mutating func nextNumber() -> Int {
        number += 1
        return number
    }

    /// Takes a wait in; false if it is over already, with its continuation resumed.
    mutating func admits(_ number: Int, _ wait: Wait, isCancelled: Bool) -> Bool {
        guard !isCancelled, life != .over else {
            end(wait, isCancelled ? "the request was cancelled" : "authorization has been stopped")
            return false
        }
        waits[number] = wait
        return true
    }

    mutating func withdraw(_ number: Int, at now: Instant, unixTime: Int64) {
        guard let wait = waits.removeValue(forKey: number) else { return }
        end(wait, "the request was cancelled")
        feed(.withdrawn(waiter: number), at: now, unixTime: unixTime)
    }

    private func end(_ wait: Wait, _ reason: String) {
        switch wait {
        case .token(let continuation):
            let token = machine.credential?.token
            wakings.add { continuation.resume(returning: token) }
        case .recovery(let continuation): wakings.add { continuation.resume(returning: .refused(reason)) }
        }
    }

    /// Tells the machine, answers those who wait, and puts the rest in the queue.
    mutating func feed(_ input: TokenMachine.Input, at now: Instant, unixTime: Int64) {
        for action in machine.receive(input, at: now, unixTime: unixTime) {
            switch action {
            case .token(let waiter, let token):
                if case .token(let continuation)? = waits.removeValue(forKey: waiter) {
                    wakings.add { continuation.resume(returning: token) }
                }
            case .recovery(let waiter, let recovery):
                if case .recovery(let continuation)? = waits.removeValue(forKey: waiter) {
                    wakings.add { continuation.resume(returning: recovery) }
                }
            case .load, .refresh, .stepUp: if life != .over { work.append(.action(action)) }
            case .replace: work.append(.action(action))
            }
        }
        arrangeSleep()
        wake()
    }

    // MARK: The life of the tasks

    /// False for a second call.
    mutating func start() -> Bool {
        guard life == .before else { return false }
        life = .running
        return true
    }

    mutating func stop() {
        life = .over
        for (_, wait) in waits.sorted(by: { $0.key < $1.key }) { end(wait, "authorization has been stopped") }
        waits = [:]
        work = work.filter(\.isStoring)
        wake()
    }

    /// All that there is to do; nil when it is over.
    mutating func takeWork() -> [Work]? {
        guard life == .running else { return nil }
        defer { work = [] }
        return work
    }

    /// What is still to be stored when it is over and nothing is under way.
    mutating func takeStoring() -> [Work] {
        defer { work = [] }
        return work.filter(\.isStoring)
    }

    mutating func park(_ continuation: UnsafeContinuation<Void, Never>) {
        parked = continuation
        if !work.isEmpty || life == .over { wake() }
    }

    private mutating func wake() {
        guard !work.isEmpty || life == .over else { return }
        guard let parked else { return }
        self.parked = nil
        wakings.add { parked.resume() }
    }

    // MARK: The deadline

    private mutating func arrangeSleep() {
        guard machine.nextDeadline != sleep?.deadline else { return }
        sleep?.handle?.cancel()
        sleep = nil
        guard let deadline = machine.nextDeadline else { return }
        sleep = Sleep(deadline: deadline, number: nextNumber())
        work.append(.sleep(until: deadline, number: number))
    }

    /// False if nobody needs that sleep any more.
    mutating func beginSleep(_ number: Int, _ handle: TaskHandle) -> Bool {
        guard sleep?.number == number else { return false }
        sleep?.handle = handle
        return true
    }

    /// To be called by every sleeper while its handle is good; true if the deadline that it slept for still stands.
    mutating func endSleep(_ number: Int) -> Bool {
        guard sleep?.number == number else { return false }
        sleep = nil
        return true
    }

    // MARK: Signing in

    /// Random bytes for a sign-in, the only one; nil while one is under way.
    mutating func beginSignIn() -> [UInt8]? {
        guard !isSigningIn else { return nil }
        isSigningIn = true
        return (0..<AuthorizationCode.randomByteCount).map { _ in
            UInt8(truncatingIfNeeded: generator.next() >> 32)
        }
    }

    /// The client that an issuer knows, by the last sign-in or what is stored; nil if there is none, or it was refused.
    var registration: SignIn.Registration? {
        let stored = machine.credential.flatMap { credential in
            credential.issuer.map { SignIn.Registration(issuer: $0, client: credential.client) }
        }
        return (lastRegistration ?? stored).flatMap { $0.client.id == doubtful ? nil : $0 }
    }

    /// The server does not know that client any more, or may not.
    mutating func distrust(_ client: RegisteredClient) { doubtful = client.id }

    /// What a sign-in came to; `failed` is the client that it failed with.
    mutating func endSignIn(_ result: SignIn.Registration?, failed: RegisteredClient? = nil) {
        isSigningIn = false
        lastRegistration = result
        if let failed { distrust(failed) }
    }
}
