import MCPCore

/// The server of a test with the trait ``RecordingTrait``: what its recording says.
///
/// While the recording is made it is the source, so that the test is the same in both.
public struct TestServer: Sendable {
    @TaskLocal static var bound: TestServer?

    /// The server of the present test; throws if the test has no `.recording(…)`.
    public static var current: TestServer {
        get throws {
            guard let bound else {
                throw TestFileError(problem: "this test has no server: give it the trait .recording(\"…\")")
            }
            return bound
        }
    }

    /// How a connection manager has to know the server.
    public let configuration: ServerConfiguration
    /// Connects to the server, whatever the configuration says.
    public let connector: any MessageConnector
    /// The time that passes for the server: virtual in a replay.
    public let time: any TimeSource
    /// For what is random in the code under test.
    public let seed: UInt64

    init(connector: any MessageConnector, time: any TimeSource, seed: UInt64) {
        configuration = ServerConfiguration(name: Self.name, transport: .stdio)
        self.connector = connector
        self.time = time
        self.seed = seed
    }

    static let name = "recorded"

    /// Opens a stream of messages to the server; throws why there is none.
    public func connect() async throws(TransportFailure) -> any MessageStream {
        try await connector.connect(to: configuration)
    }
}

/// Real time since it was made.
struct RealTime: TimeSource {
    private let start = ContinuousClock.now

    var now: Instant {
        Instant(nanoseconds: start.duration(to: ContinuousClock.now).wholeNanoseconds)
    }

    func sleep(until deadline: Instant) async throws {
        try await ContinuousClock().sleep(until: start.advanced(by: .nanoseconds(deadline.nanoseconds)))
    }
}
