import MCPCore
import Testing

/// The table of states, held against its 30 cells.
@Suite struct ServerStateTests {
    /// Rows from, columns to, in the order of ``ServerState``: connected, failed, needs-auth, pending, disabled.
    private static let table: [(from: ServerState?, to: [ServerState])] = [
        (nil, [.connected, .failed, .needsAuth, .pending, .disabled]),
        (.connected, [.failed, .needsAuth, .pending, .disabled]),
        (.failed, [.needsAuth, .pending, .disabled]),
        (.needsAuth, [.connected, .failed, .pending, .disabled]),
        (.pending, [.connected, .failed, .needsAuth, .pending, .disabled]),
        (.disabled, [.pending]),
    ]

    private static func status(_ state: ServerState, _ number: Int) -> ServerStatus {
        switch state {
        case .connected: .connected(generation: number)
        case .failed: .failed(.network, willRetry: false)
        case .needsAuth: .needsAuth
        case .pending: .pending(attempt: number, maxAttempts: 5)
        case .disabled: .disabled(.user)
        }
    }

    /// A track that has come to that state, along legal edges.
    private static func track(at state: ServerState?) throws -> StatusTrack {
        var track = StatusTrack()
        if let state { try track.take(status(state, 1)) }
        return track
    }

    @Test("S-024: there are five states, with these names on the wire")
    func names() {
        #expect(ServerState.allCases.map(\.rawValue) == ["connected", "failed", "needs-auth", "pending", "disabled"])
        let statuses: [ServerStatus] = [
            .connected(generation: 1), .failed(.network, willRetry: true), .needsAuth,
            .pending(attempt: 0, maxAttempts: 5), .disabled(.user),
        ]
        #expect(statuses.map(\.state) == ServerState.allCases)
    }

    @Test("S-025: 17 pairs and 5 starts are legal; the other 8 throw and change nothing")
    func everyPair() throws {
        var legalPairs = 0
        var illegalPairs = 0
        for (from, legal) in Self.table {
            for to in ServerState.allCases {
                var track = try Self.track(at: from)
                let before = track
                #expect(ServerState.allows(from: from, to: to) == legal.contains(to))
                if legal.contains(to) {
                    try track.take(Self.status(to, 2))
                    #expect(track.status == Self.status(to, 2))
                    if from != nil { legalPairs += 1 }
                } else {
                    #expect(throws: ConnectionError.illegalTransition(from: from, to: to)) {
                        try track.take(Self.status(to, 2))
                    }
                    #expect(track == before)
                    illegalPairs += 1
                }
            }
        }
        #expect(legalPairs == 17)
        #expect(illegalPairs == 8)
        #expect(Self.table[0].to.count == 5)
    }
}
