import MCPCore
import Testing

/// One server's decisions, input by input.
@Suite struct ConnectionMachineTests {
    /// A machine with its generator and the present, in seconds.
    private struct Desk {
        var machine: ConnectionMachine
        var generator = SplitMix64(seed: 1)

        init(_ configuration: ServerConfiguration = .init(name: "a"), _ policy: ConnectionPolicy = .init()) {
            machine = ConnectionMachine(configuration, policy: policy)
        }

        mutating func receive(
            _ input: ConnectionMachine.Input, at seconds: Int64 = 0
        ) throws(ConnectionError) -> [ConnectionMachine.Action] {
            try machine.receive(input, at: Instant.zero.advanced(by: .seconds(seconds)), using: &generator)
        }

        /// Connected on the first attempt at 0.
        static func connected(_ policy: ConnectionPolicy = .init()) throws -> Desk {
            var desk = Desk(.init(name: "a"), policy)
            _ = try desk.receive(.load)
            _ = try desk.receive(.connectBegan(generation: 1))
            _ = try desk.receive(.connected(generation: 1))
            return desk
        }
    }

    private static func pending(_ attempt: Int) -> ConnectionMachine.Action {
        .publish(.pending(attempt: attempt, maxAttempts: 5))
    }

    @Test("S-027: the first failure shows as Failed and Pending, the next as Pending, a terminal one as Failed")
    func failuresOfARun() throws {
        var desk = Desk()
        #expect(try desk.receive(.load) == [Self.pending(0), .connect(generation: 1)])
        #expect(
            try desk.receive(.connectFailed(generation: 1, .refused))
                == [.release(generation: 1), .publish(.failed(.network, willRetry: true)), Self.pending(1)])
        #expect(try desk.receive(.deadline, at: 0) == [])
        #expect(try desk.receive(.deadline, at: 1) == [.connect(generation: 2)])
        #expect(
            try desk.receive(.connectFailed(generation: 2, .reset), at: 1)
                == [.release(generation: 2), Self.pending(2)])
        #expect(try desk.receive(.deadline, at: 3) == [.connect(generation: 3)])
        #expect(
            try desk.receive(.connectFailed(generation: 3, .misconfigured("no such command")), at: 3)
                == [.release(generation: 3), .publish(.failed(.config, willRetry: false))])
        #expect(desk.machine.nextDeadline == nil)
    }

    @Test(
        "S-027: every way to fail has its reason",
        arguments: [
            (.refused, .network), (.reset, .network), (.closed, .network), (.exited(code: 1), .notResponding),
            (.unavailable(status: 503, retryAfter: nil), .network), (.protocolBroken("x"), .protocol),
            (.misconfigured("x"), .config), (.unauthorized(status: 401), .auth),
        ] as [(TransportFailure, FailureReason)])
    func reasons(failure: TransportFailure, reason: FailureReason) throws {
        var desk = Desk(.init(name: "a", hasStaticAuthorization: true))
        _ = try desk.receive(.load)
        let actions = try desk.receive(.connectFailed(generation: 1, failure))
        let isFinal = [.protocol, .config, .auth].contains(reason)
        #expect(actions.contains(.publish(.failed(reason, willRetry: !isFinal))))
    }

    @Test("S-027: in the current profile a drop goes straight to Pending")
    func dropInTheCurrentProfile() throws {
        var policy = ConnectionPolicy(.current)
        policy.jitter = .none
        var desk = try Desk.connected(policy)
        #expect(
            try desk.receive(.lost(generation: 1, .reset), at: 20)
                == [.release(generation: 1), .clearTools, Self.pending(0)])
        #expect(desk.machine.nextDeadline == Instant.zero.advanced(by: .seconds(21)))
    }

    @Test("SR-14: a forgotten session is begun anew at once, a second time only after the stability window")
    func expiry() throws {
        var desk = try Desk.connected()
        #expect(
            try desk.receive(.lost(generation: 1, .sessionExpired), at: 20)
                == [
                    .release(generation: 1), .clearTools, .publish(.failed(.network, willRetry: true)), Self.pending(0),
                    .connect(generation: 2),
                ])
        #expect(try desk.receive(.lost(generation: 1, .sessionExpired), at: 20) == [])
        _ = try desk.receive(.connected(generation: 2), at: 20)
        var later = desk
        #expect(
            try desk.receive(.lost(generation: 2, .sessionExpired), at: 29)
                == [.release(generation: 2), .clearTools, .publish(.failed(.network, willRetry: false))])
        #expect(desk.machine.nextDeadline == nil)
        #expect(try later.receive(.lost(generation: 2, .sessionExpired), at: 30).last == .connect(generation: 3))
    }

    @Test("SR-14: in the current profile a forgotten session shows as Pending alone")
    func expiryInTheCurrentProfile() throws {
        var desk = try Desk.connected(ConnectionPolicy(.current))
        #expect(
            try desk.receive(.lost(generation: 1, .sessionExpired), at: 20)
                == [.release(generation: 1), .clearTools, Self.pending(0), .connect(generation: 2)])
    }

    @Test("a server that takes NeedsAuth by itself asks for sign-in, one that the user sends there does not")
    func askingForSignIn() throws {
        var desk = try Desk.connected()
        #expect(
            try desk.receive(.lost(generation: 1, .unauthorized(status: 401)), at: 20)
                == [.release(generation: 1), .clearTools, .publish(.needsAuth), .askForSignIn])
        var failed = Desk()
        _ = try failed.receive(.load)
        _ = try failed.receive(.connectFailed(generation: 1, .misconfigured("x")))
        #expect(try failed.receive(.beginSignIn) == [.publish(.needsAuth)])
        var loaded = Desk(.init(name: "a", load: .withoutCredential))
        #expect(try loaded.receive(.load) == [.publish(.needsAuth)])
    }

    @Test("S-028: an attempt without answer is given up after its time, and retried")
    func timeout() throws {
        var desk = Desk()
        _ = try desk.receive(.load)
        #expect(desk.machine.nextDeadline == nil)
        _ = try desk.receive(.connectBegan(generation: 1), at: 2)
        #expect(try desk.receive(.deadline, at: 31) == [])
        #expect(
            try desk.receive(.deadline, at: 32)
                == [.abandon(generation: 1), .publish(.failed(.notResponding, willRetry: true)), Self.pending(1)])
        #expect(try desk.receive(.connected(generation: 1), at: 32) == [])
        #expect(try desk.receive(.deadline, at: 33) == [.connect(generation: 2)])
    }

    @Test("RS-15: inputs of a generation that is over do nothing")
    func oldGenerations() throws {
        var desk = try Desk.connected()
        _ = try desk.receive(.reconnect(nil), at: 2)
        _ = try desk.receive(.connected(generation: 2), at: 2)
        for input in [
            .lost(generation: 1, .reset), .connected(generation: 1), .connectFailed(generation: 1, .reset),
            .connectBegan(generation: 1), .connectFailed(generation: 2, .reset), .connected(generation: 2),
        ] as [ConnectionMachine.Input] {
            #expect(try desk.receive(input, at: 3) == [])
        }
        #expect(desk.machine.status == .connected(generation: 2))
    }

    @Test("S-038: over stdio a policy may rule out reconnecting")
    func stdio() throws {
        for reconnects in [false, true] {
            var policy = ConnectionPolicy(.current)
            policy.reconnectsStdio = reconnects
            var desk = Desk(.init(name: "a", transport: .stdio), policy)
            _ = try desk.receive(.load)
            _ = try desk.receive(.connected(generation: 1))
            _ = try desk.receive(.lost(generation: 1, .exited(code: 0)), at: 60)
            #expect((desk.machine.status == .failed(.notResponding, willRetry: false)) == !reconnects)
            #expect((desk.machine.nextDeadline == nil) == !reconnects)
        }
        #expect(!ConnectionPolicy(.current).reconnectsStdio && ConnectionPolicy(.chapter).reconnectsStdio)
    }

    @Test("S-030: NeedsAuth is left by sign-in and by switching off, and by nothing else")
    func needsAuth() throws {
        func desk() throws -> Desk {
            var desk = Desk(.init(name: "a", load: .withoutCredential))
            #expect(try desk.receive(.load) == [.publish(.needsAuth)])
            return desk
        }
        var other = try desk()
        #expect(throws: ConnectionError.needsAuth(server: "a")) { try other.receive(.reconnect(nil)) }
        #expect(try other.receive(.enable) == [])
        #expect(try other.receive(.firstUse) == [])
        #expect(try other.receive(.deadline, at: 86_400) == [])
        #expect(try other.receive(.beginSignIn) == [])
        #expect(other.machine.status == .needsAuth)
        #expect(try other.receive(.disable(.user)) == [.publish(.disabled(.user))])

        var signedIn = try desk()
        #expect(try signedIn.receive(.endSignIn(succeeded: true)) == [Self.pending(0), .connect(generation: 1)])
        var failed = try desk()
        #expect(
            try failed.receive(.endSignIn(succeeded: false)) == [.publish(.failed(.auth, willRetry: false))])
        #expect(try failed.receive(.beginSignIn) == [.publish(.needsAuth)])
    }

    @Test("S-025: what the table does not allow throws and changes nothing")
    func illegalCommands() throws {
        var connected = try Desk.connected()
        let error = ConnectionError.illegalTransition(from: .connected, to: .needsAuth)
        #expect(throws: error) { try connected.receive(.beginSignIn) }
        #expect(throws: ConnectionError.illegalTransition(from: .connected, to: .pending)) {
            try connected.receive(.endSignIn(succeeded: true))
        }
        #expect(connected.machine.status == .connected(generation: 1))
        var off = Desk(.init(name: "a", load: .disabled(.policy("not on the list"))))
        _ = try off.receive(.load)
        let refusal = ConnectionError.disabled(server: "a", .policy("not on the list"))
        for input in [.enable, .reconnect(nil), .beginSignIn, .endSignIn(succeeded: true)] as [ConnectionMachine.Input]
        {
            #expect(throws: refusal) { try off.receive(input) }
        }
        #expect(try off.receive(.disable(.user)) == [])
        #expect(off.machine.status == .disabled(.policy("not on the list")))
    }

    @Test(
        "S-033: the same inputs and seed give the same actions, and every run of failures ends",
        arguments: UInt64(0)..<100)
    func anySequenceOfInputsKeepsToTheTable(seed: UInt64) throws {
        func run() throws -> [ConnectionMachine.Action] {
            var random = SplitMix64(seed: seed)
            var policy = ConnectionPolicy(random.below(2) == 0 ? .chapter : .current)
            policy.retries = random.below(4)
            var desk = Desk(.init(name: "a", transport: random.below(2) == 0 ? .http : .stdio), policy)
            var actions = try desk.receive(.load)
            let failures: [TransportFailure] = [
                .refused, .unauthorized(status: 401), .misconfigured(""), .protocolBroken(""), .exited(code: nil),
                .sessionExpired,
            ]
            for second in 0..<200 {
                let generation = desk.machine.generation - (random.below(4) == 0 ? 1 : 0)
                let failure = failures[random.below(failures.count)]
                let inputs: [ConnectionMachine.Input] = [
                    .connected(generation: generation), .connectFailed(generation: generation, failure),
                    .lost(generation: generation, failure), .deadline, .reconnect(nil), .enable, .disable(.user),
                    .beginSignIn, .endSignIn(succeeded: random.below(2) == 0), .firstUse, .load,
                    .connectBegan(generation: generation),
                ]
                let before = desk.machine.status
                do {
                    actions += try desk.receive(inputs[random.below(inputs.count)], at: Int64(second))
                } catch {
                    #expect(desk.machine.status == before)
                }
            }
            return actions
        }
        let actions = try run()
        #expect(try run() == actions)
        // Every status was taken along an edge: an illegal one would have been a trap.
        #expect(actions.contains { if case .publish = $0 { true } else { false } })
    }
}
