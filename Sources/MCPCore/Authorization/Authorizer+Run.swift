import MCPWire

/// What an authorizer does beside the requests that wait for it.
extension Authorizer {
    /// Asks for tokens on behalf of whoever waits; returns when the task is cancelled.
    ///
    /// A token request that is under way then is waited for, for the policy's `grace`, and what it brings is stored: a
    /// refresh token may be good only once. A second call returns at once.
    public func run() async {
        await withTaskCancellationHandler {
            guard state.withLock({ $0.start() }) else { return }
            await withDiscardingTaskGroup { group in
                while let work = state.withLock({ $0.takeWork() }) {
                    for item in work { group.addTask { await self.perform(item) } }
                    if work.isEmpty {
                        await withUnsafeContinuation { continuation in state.withLock { $0.park(continuation) } }
                    }
                }
                group.cancelAll()
            }
            await storeTheRest()
        } onCancel: {
            state.withLock { $0.stop() }
        }
    }

    private func perform(_ work: AuthorizerState.Work) async {
        switch work {
        case .sleep(let deadline, let number): await sleep(until: deadline, number)
        case .action(.load): feed(.loaded(await store.load()))
        case .action(.refresh(let credential)):
            let reply = await refresh(credential)
            if reply.refusesClient { state.withLock { $0.distrust(credential.client) } }
            feed(.replied(reply))
        case .action(.replace(let issue, let credential)):
            feed(.stored(await store.replace(issue: issue, with: credential)))
        case .action(.stepUp(let scope)):
            do throws(AuthorizationError) {
                feed(.steppedUp(try await newCredential(scope: scope)))
            } catch {
                feed(.stepUpFailed(error.text))
            }
        case .action(.token), .action(.recovery): break
        }
    }

    /// Stores what a last token request has brought.
    private func storeTheRest() async {
        for work in state.withLock({ $0.takeStoring() }) { await perform(work) }
    }

    private func sleep(until deadline: Instant, _ number: Int) async {
        // Inside the closure the task may be cancelled from elsewhere: when the deadline stands no longer.
        let isDue = await withUnsafeCurrentTask { task in
            guard let task, state.withLock({ $0.beginSleep(number, TaskHandle(task)) }) else { return false }
            try? await time.sleep(until: deadline)
            return state.withLock { $0.endSleep(number) }
        }
        if isDue, !Task.isCancelled { feed(.time) }
    }

    private func refresh(_ credential: Credential) async -> TokenReply {
        guard let endpoint = HTTPURL(credential.tokenEndpoint),
            EndpointRule(requiresHTTPS: policy.requiresHTTPS).allows(endpoint), let token = credential.refreshToken
        else { return .refused("the stored token endpoint is no URL that tokens may be sent to") }
        let resource = revision.hasResourceMetadata ? credential.resource ?? server.resource : nil
        let request = TokenRequest(refreshing: credential, with: token, at: endpoint, resource: resource)
        return TokenReply(await exchange.send(request.head, body: request.body, isKept: true))
    }

    /// Has the user sign in, and stores the credential in place of any other.
    func newCredential(scope: String?) async throws(AuthorizationError) -> Credential {
        guard let user else { throw AuthorizationError(.setup, "there is nobody who could sign in") }
        await load()
        guard let random = state.withLock({ $0.beginSignIn() }) else {
            throw AuthorizationError(.setup, "a sign-in is under way")
        }
        let (challenge, known) = state.withLock { ($0.machine.challenge, $0.registration) }
        let flow = SignIn(
            server: server, revision: revision, exchange: exchange, client: client, user: user, unixTime: unixTime,
            challenge: challenge, scope: scope, known: known, random: random)
        do throws(AuthorizationError) {
            let (credential, registration) = try await flow.credential()
            let stored = try await store(credential)
            state.withLock { $0.endSignIn(registration) }
            return stored
        } catch {
            // A client that did not come through may be one that the server has forgotten.
            let isDoubtful = error.stage == .user || error.stage == .token
            state.withLock { $0.endSignIn(isDoubtful ? nil : known, failed: isDoubtful ? known?.client : nil) }
            throw error
        }
    }

    /// Stores a new credential in place of any other.
    private func store(_ credential: Credential) async throws(AuthorizationError) -> Credential {
        var credential = credential
        for _ in 0..<8 {
            // Whoever stores meanwhile does so with an older sign-in.
            let stored = await store.load()?.issue ?? 0
            credential.issue = max(stored, state.withLock { $0.machine.credential?.issue ?? 0 }) + 1
            if await store.replace(issue: stored, with: credential) { return credential }
        }
        throw AuthorizationError(.token, "the credential could not be stored, as others keep storing theirs")
    }
}
