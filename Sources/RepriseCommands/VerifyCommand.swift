import ArgumentParser
import Foundation
import MCPTransports
import MCPWire
import RepriseProxy
import RepriseRecording
import RepriseReplay

/// `reprise verify`: plays the client of a recording to a live server.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Drive a live server with a recording, and show where it answers otherwise.",
        usage: """
            reprise verify FILE [--stall S] [--format FORMAT] -- COMMAND…
            reprise verify FILE --url URL [--header 'NAME: VALUE']… [--stall S] [--format FORMAT]
            """,
        discussion: """
            Every recorded call is executed for real by that server. Its own requests, such as sampling and \
            elicitation, are answered from the recording. Verdicts: MATCH, CHANGED, ERROR-SHAPE-CHANGED (a result \
            became an error or the reverse), MISSING, EXTRA, REORDERED. The exit code is 0 when all is MATCH, 1 when \
            not, 4 when the server could not be started or reached.
            """)

    @Argument(help: "The recording.")
    var file: String

    @Option(help: "Verify the server behind this URL, http or https, instead of a command.")
    var url: String?

    @Option(help: "With --url: a header field to be sent beside or in place of recorded ones; never shown.")
    var header: [HeaderOption] = []

    @Argument(parsing: .postTerminator, help: "The server's command line, after `--`.")
    var command: [String] = []

    @Option(help: "Seconds for which the server is waited for beyond the time that it took in the recording.")
    var stall = 5.0

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func validate() throws {
        guard stall.isFinite, stall >= 0, stall <= 86_400 else {
            throw ValidationError("--stall takes seconds from 0 to 86400.")
        }
        if let url {
            guard command.isEmpty else { throw ValidationError("Give either --url or a command, not both.") }
            guard Origin(url: url) != nil else {
                throw ValidationError("--url takes the URL of an HTTP server, such as https://example.com/mcp.")
            }
            return
        }
        guard header.isEmpty else { throw ValidationError("--header goes with --url.") }
        guard command.first.map({ !$0.isEmpty }) ?? false else {
            throw ValidationError(
                "There is no server. Type its command after `--`, reprise verify FILE -- COMMAND…, or --url URL.")
        }
    }

    func run() throws {
        let recording = try Recording.load(file)
        if let warning = recording.warning { say("\(file): \(warning)") }
        let report: VerifyReport
        do {
            say(try Verification.announcement(recording, against: target))
            report = try Verification.runBlocking(
                recording, against: target, stall: .microseconds(Int64(stall * 1_000_000)), tell: Teller().tell)
        } catch let error as ReplayError {
            throw CommandFailure(.unreadable, "\(file): \(error)")
        } catch let error as Verification.Failure {
            if case .badHeader = error { throw CommandFailure(.usage, "\(error)") }
            throw CommandFailure(.notStarted, "\(error)")
        } catch let error as SystemError {
            throw CommandFailure(.notStarted, "\(error)")
        }
        switch format {
        case .text: print(report)
        case .json: print(report.json(file: file))
        }
        if !report.isMatch { throw CommandFailure(.differs) }
    }

    private var target: Verification.Target {
        guard let url else { return .command(command) }
        return .url(
            url, headers: header.map { ($0.name, $0.value) },
            trustFile: ProcessInfo.processInfo.environment["SSL_CERT_FILE"])
    }
}

/// What `--header` takes: `Name: value`.
struct HeaderOption: ExpressibleByArgument {
    var name: String
    var value: String

    init?(argument: String) {
        guard let colon = argument.firstIndex(of: ":"), colon > argument.startIndex else { return nil }
        name = String(argument[..<colon])
        value = String(argument[argument.index(after: colon)...]).trimmingCharacters(in: .whitespaces)
    }
}

/// Says on standard error how far it is, and what the server owes.
private final class Teller {
    private let line = ProgressLine()

    func tell(_ notice: Verification.Notice) {
        switch notice {
        case .progress(let done, let all):
            line.show("\(done) of \(all) steps")
            if done == all { line.end() }
        case .missing(let events):
            line.end()
            let shown = events.prefix(5).map { "event \($0)" }.joined(separator: ", ")
            let more = events.count > 5 ? " and \(events.count - 5) more" : ""
            say("stalled: the server owes \(shown)\(more); going on without")
        }
    }
}

extension VerifyReport {
    /// The report for a program.
    func json(file: String) -> String {
        let counts = Verdict.Kind.allCases.map { ($0.rawValue, JSONValue?.some(.int(count(of: $0)))) }
        return JSONValue.document([
            ("file", .string(file)), ("match", .bool(isMatch)), ("counts", .record(counts)),
            ("verdicts", .array(verdicts.map { $0.json })), ("remarks", .array(remarks.map { .string($0) })),
        ])
    }
}

extension VerifyReport.Verdict {
    fileprivate var json: JSONValue {
        .record([
            ("verdict", .string(kind.rawValue)), ("event", event.map { .int($0) }), ("what", .string(what)),
            ("places", differences.isEmpty ? nil : .array(differences.map { $0.json })),
            ("remark", remark.map { .string($0) }),
        ])
    }
}
