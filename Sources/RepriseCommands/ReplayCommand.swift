import ArgumentParser
import RepriseProxy
import RepriseRecording
import RepriseReplay

/// `reprise replay`: serves a recording as the server of a live client.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Serve a recording to a client in place of the server.",
        discussion: """
            A recording of stdio: give a client `reprise replay FILE` as the command of its server. A recording of \
            HTTP: its URL is said on standard error, and it is served until SIGINT or SIGTERM. Every message of the \
            server comes back in its place. A message of the client that the recording does not hold is answered \
            with an error that names the nearest recorded one; the exit code is then 1.
            """)

    @Argument(help: "The recording.")
    var file: String

    @Option(help: "Where to serve a recording of HTTP, as HOST:PORT; port 0 is a free one.")
    var listen: String?

    @Option(help: "fast (as causality allows), recorded, or a factor such as 10x, from 0.001x to 1000000x.")
    var pace: Pace = .fast

    @Option(help: "Seconds after which a waiting client gets the next message although something is missing.")
    var stall = 5.0

    func validate() throws {
        guard stall.isFinite, stall >= 0, stall <= 86_400 else {
            throw ValidationError("--stall takes seconds from 0 to 86400.")
        }
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:0.")
        }
    }

    func run() throws {
        let recording = try Recording.load(file)
        if let warning = recording.warning { say("\(file): \(warning)") }
        let report = recording.header.transport == "http" ? try serve(recording) : try play(recording)
        say("replay of \(file): \(report)")
        if !report.isSame { throw CommandFailure(.differs) }
    }

    /// On our standard input and output.
    private func play(_ recording: Recording) throws -> ReplayReport {
        if listen != nil {
            throw CommandFailure(
                .usage, "\(file) is a recording of stdio, which is served on standard input and output: omit --listen")
        }
        let replayer: StdioReplayer
        do {
            replayer = try StdioReplayer(recording, pace: pace.value, stall: Int64(stall * 1_000_000))
        } catch {
            throw CommandFailure(.unreadable, "\(file): \(error)")
        }
        return try StdioReplayServer.run(replayer)
    }

    /// On a port of ours.
    private func serve(_ recording: Recording) throws -> ReplayReport {
        let replayer: HTTPReplayer
        do {
            replayer = try HTTPReplayer(recording, pace: pace.value, stall: Int64(stall * 1_000_000))
        } catch {
            throw CommandFailure(.unreadable, "\(file): \(error)")
        }
        var url = ""
        if case .url(let recorded) = recording.header.target { url = recorded }
        do {
            let address = listen.flatMap { ListenAddress($0) } ?? .loopback
            return try HTTPReplayServer.run(replayer, of: url, name: file, listen: address)
        } catch let error as HTTPReplayServer.StartError {
            throw CommandFailure(.notStarted, "\(error)")
        }
    }
}

/// What `--pace` takes.
struct Pace: ExpressibleByArgument {
    static let fast = Pace(value: .fast)
    private static let factors = 0.001...1_000_000
    var value: ReplayPace

    init(value: ReplayPace) {
        self.value = value
    }

    init?(argument: String) {
        switch argument {
        case "fast":
            value = .fast
        case "recorded":
            value = .recorded(speed: 1)
        default:
            guard argument.last == "x", let speed = Double(argument.dropLast()), Self.factors.contains(speed) else {
                return nil
            }
            value = .recorded(speed: speed)
        }
    }

    var defaultValueDescription: String { "fast" }
}
