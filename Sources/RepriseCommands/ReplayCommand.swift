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
            Give a client `reprise replay FILE` as the command of its stdio server. Every message of the server comes \
            back in its place. A message of the client that the recording does not hold is answered with an error \
            that names the nearest recorded one; the exit code is then 1.
            """)

    @Argument(help: "The recording.")
    var file: String

    @Option(help: "fast (as causality allows), recorded, or a factor such as 10x, from 0.001x to 1000000x.")
    var pace: Pace = .fast

    @Option(help: "Seconds after which a waiting client gets the next message although something is missing.")
    var stall = 5.0

    func validate() throws {
        guard stall.isFinite, stall >= 0, stall <= 86_400 else {
            throw ValidationError("--stall takes seconds from 0 to 86400.")
        }
    }

    func run() throws {
        let recording = try Recording.load(file)
        if let warning = recording.warning { say("\(file): \(warning)") }
        let replayer: StdioReplayer
        do {
            replayer = try StdioReplayer(recording, pace: pace.value, stall: Int64(stall * 1_000_000))
        } catch {
            throw CommandFailure(.unreadable, "\(file): \(error)")
        }
        let report = try StdioReplayServer.run(replayer)
        say("replay of \(file): \(report)")
        if !report.isSame { throw CommandFailure(.differs) }
    }
}

/// What `--pace` takes.
struct Pace: ExpressibleByArgument {
    static let fast = Pace(value: .fast)
    private static let factors = 0.001...1_000_000
    var value: StdioReplayer.Pace

    init(value: StdioReplayer.Pace) {
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
