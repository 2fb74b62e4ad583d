import MCPCore
import RepriseRecording
import RepriseScenarios
import RepriseSimulation

/// Finds the scenario's t = 0 in what the client does, and keeps what happens from then on. A value without a clock.
///
/// `cold`: t = 0 is the client's first request. `connected`: it is 100 ms of real time after the client has listed the
/// tools of every server that it connects by itself, or 2 s after it has initialized them all and asks for no tools.
struct RehearsalStage {
    /// So many events are kept.
    static let eventCountMax = 200_000
    /// So many bytes of names and messages are kept in them.
    static let byteCountMax = 64 << 20
    /// Real time between the last list of tools and t = 0.
    static let rest = Duration.milliseconds(100)
    /// Real time to wait for a client that does not list tools.
    static let patience = Duration.seconds(2)

    /// How far the client has come with a server.
    private enum Progress: Int, Comparable {
        case nothing
        case initialized
        case listed

        static func < (left: Progress, right: Progress) -> Bool { left.rawValue < right.rawValue }
    }

    private let beginning: Scenario.Begin
    private let speed: Int
    /// The servers that are connected before t = 0, in the order of the file.
    private var awaited: [(server: String, progress: Progress)]
    private var lastProgress: Instant?
    /// When t = 0 was; nil while it is still to come.
    private(set) var origin: Instant?
    /// Since the scenario's start, in order.
    private(set) var events: [ScenarioEvent] = []
    private var byteCount = 0
    /// Whether there were more events than are kept.
    private(set) var isOverfull = false
    /// Whether the client has been heard of at all.
    private(set) var hasClientConnected = false

    /// The stage of a scenario of which `speed` seconds pass in a real one.
    init(_ scenario: Scenario, speed: Int) {
        beginning = scenario.begin
        self.speed = speed
        awaited = scenario.mcpServers.filter(\.isConnectedFirst).map { ($0.configuration.name, .nothing) }
    }

    /// The client is about to be served; returns whether that is t = 0.
    mutating func clientComes(at now: Instant) -> Bool {
        hasClientConnected = true
        guard origin == nil, beginning == .cold else { return false }
        origin = now
        return true
    }

    /// When t = 0 will be, as far as that is known; nil if it was, or nothing says when.
    var expectedOrigin: Instant? {
        guard origin == nil, beginning == .connected, let lastProgress else { return nil }
        switch awaited.map(\.progress).min() ?? .listed {
        case .nothing: return nil
        case .initialized: return lastProgress.advanced(by: Self.patience * speed)
        case .listed: return lastProgress.advanced(by: Self.rest * speed)
        }
    }

    /// The time that ``expectedOrigin`` says has come.
    mutating func begin(at now: Instant) {
        if origin == nil { origin = now }
    }

    /// Something happened.
    mutating func note(_ event: WireEvent) {
        guard let origin else { return follow(event) }
        byteCount += event.byteCount
        guard !isOverfull, events.count < Self.eventCountMax, byteCount <= Self.byteCountMax else {
            isOverfull = true
            return
        }
        let at = Instant(nanoseconds: max(0, event.at.nanoseconds - origin.nanoseconds))
        events.append(ScenarioEvent(at: at, client: event.client, what: .wire(event)))
    }

    private mutating func follow(_ event: WireEvent) {
        guard let index = awaited.firstIndex(where: { $0.server == event.server }) else { return }
        let progress: Progress
        switch event.what {
        case .response(route: "tools/list", status: 200), .arrived(.serverToClient, name: "response to tools/list"):
            progress = .listed
        case .response(route: "notifications/initialized", _),
            .arrived(.clientToServer, name: "notifications/initialized"):
            progress = .initialized
        default: return
        }
        awaited[index].progress = max(awaited[index].progress, progress)
        lastProgress = event.at
    }
}

extension WireEvent {
    /// So much of what the client has sent it holds.
    fileprivate var byteCount: Int {
        switch what {
        case .sent(_, let name, let bytes): name.utf8.count + bytes.count
        case .request(let detail): detail.route.utf8.count
        case .response(let name, _), .arrived(_, let name), .vanished(_, let name, _): name.utf8.count
        case .connect, .accepted, .clientClosed, .lost, .effect, .readPastEnd: 0
        }
    }
}

extension Scenario.Server {
    /// Whether clients that are connected at the scenario's start have connected it.
    fileprivate var isConnectedFirst: Bool { configuration.load == .enabled && configuration.connect == .atOnce }
}
