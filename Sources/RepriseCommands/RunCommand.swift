import ArgumentParser
import Foundation
import RepriseProxy
import RepriseScenarios

/// `reprise run`: runs scenarios in virtual time, each with each of its seeds and revisions; or plays them to a client.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run scenarios of what goes wrong, in virtual time, or play them to a client in any language.",
        usage: """
            reprise run SCENARIO… [--seed N|A...B] [--revision R] [--format FORMAT] [--junit FILE] [--repeat N] \
            [--transcript]
            reprise run SCENARIO… [--speed N] [--for DURATION] [--tolerance T] [--record FOLDER] … -- CLIENT COMMAND…
            """,
        discussion: """
            A scenario declares servers, faults, what clients do, and what must be observed. Each case is one scenario \
            with one seed, on one revision of the protocol. What differs is shown with the command that runs exactly \
            that case again. The exit code is 0 when all held, 1 when not, 5 when something got out of virtual time.

            With a client's command after `--`, the servers are played over real sockets and pipes, in real time. The \
            client gets the URL of the server as its last argument, or a command to start a stdio server; \
            REPRISE_STEPS in its environment says what it is to do and when (docs/CLIENTS.md). What is seen on the \
            wire is judged: order and number exactly, instants within the tolerance. The exit code is 0 when what \
            could be judged held, 1 when not, 4 when the client could not be started, 5 when nothing could be judged, \
            or a run is void because this machine was too busy to judge what differs.

            With TEST_TOTAL_SHARDS and TEST_SHARD_INDEX in the environment, it runs its share of the cases.
            """)

    @Argument(help: ArgumentHelp("Scenario files, and folders that are searched for *.yaml.", valueName: "scenario"))
    var scenarios: [String]

    @Option(
        help: "A seed, or a range of seeds such as 1...100, in place of those in the files.",
        transform: { try SeedRange($0) })
    var seed: SeedRange?

    @Option(help: "Only cases with this revision of the protocol.")
    var revision: String?

    @Option(name: .customLong("repeat"), help: "Run each case so many times; it fails if a run differs from the first.")
    var repeatCount = 1

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    @Option(help: ArgumentHelp("Write the results to this file too, as JUnit XML.", valueName: "file"))
    var junit: String?

    @Flag(help: "Show the transcript of every case.")
    var transcript = false

    @OptionGroup(title: "Options for a client") var clientOptions: ClientOptions

    func validate() throws {
        try clientOptions.validate(repeatCount: repeatCount, revision: revision)
        if let revision, !Scenario.revisions.contains(revision) {
            throw ValidationError("--revision takes one of \(Scenario.revisions.joined(separator: ", ")).")
        }
        guard (1...1_000_000).contains(repeatCount) else { throw ValidationError("--repeat takes 1 to 1000000.") }
    }

    func run() throws {
        // A reader that goes away is an error of writing like any other, told at the end.
        signal(SIGPIPE, SIG_IGN)
        if !clientOptions.client.isEmpty { return try runClient() }
        let shard = try Shard()
        var cases: [ScenarioRun.Case] = []
        for scenario in try ScenarioLibrary.onDisk.scenarios(at: scenarios) {
            for scenario in scenario.onEachRevision
            where revision ?? scenario.scenario.revision == scenario.scenario.revision {
                cases += (seed.map { Array($0.seeds) } ?? scenario.scenario.seeds).map { .init(scenario, seed: $0) }
            }
        }
        let run = ScenarioRun(
            shard?.part(of: cases) ?? cases, shard: shard, repeatCount: repeatCount, keepsTranscripts: transcript)
        if let junit { try write(JUnitReport(run).text, to: junit) }
        try show(format == .json ? run.json : run.text(showsTranscripts: transcript))
        if run.outcomes.contains(where: \.hasEscaped) { throw CommandFailure(.escaped) }
        if run.failedCount > 0 { throw CommandFailure(.differs) }
    }

    /// Plays the scenarios to a client: each once, with its first seed unless seeds are named.
    private func runClient() throws {
        let loaded = try ScenarioLibrary.onDisk.scenarios(at: scenarios)
        let run = try ClientRun(
            loaded.map { ($0, seed.map { Array($0.seeds) } ?? Array($0.scenario.seeds.prefix(1))) },
            client: clientOptions.client, options: clientOptions.rehearsal)
        if let junit { try write(run.junit, to: junit) }
        try show(format == .json ? run.json : run.text(showsTranscripts: transcript))
        if let failure = run.failure { throw failure }
    }

    /// Writes the result at once: `print` keeps quiet about a reader that has gone away.
    private func show(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            throw CommandFailure(.differs, "cannot write the result: \(String(cString: strerror(errno)))")
        }
    }

    private func write(_ text: String, to file: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw CommandFailure(.differs, "cannot write \(file): \(error.localizedDescription)")
        }
    }
}
