import ArgumentParser
import MCPWire
import RepriseRecording
import RepriseReplay

/// `reprise diff`: shows what differs between two recordings.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two recordings message by message.",
        discussion: """
            Times, request ids and progress tokens do not count. Over HTTP sessions are compared one by one, with the \
            statuses of their exchanges; the order counts within a stream. The exit code is 1 when they differ.
            """)

    @Argument(help: "The first recording.")
    var first: String

    @Argument(help: "The second recording.")
    var second: String

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        let diff = RecordingDiff(try Recording.load(first), try Recording.load(second))
        switch format {
        case .text: print(diff.text)
        case .json: print(diff.json(first: first, second: second))
        }
        if !diff.entries.isEmpty { throw CommandFailure(.differs) }
    }
}

extension RecordingDiff {
    /// One block a difference, for a person.
    var text: String {
        var lines: [String] = []
        if !transports.isEmpty {
            let named = transports.joined(separator: " and ")
            lines.append("transports differ (\(named)), so messages alone are compared")
        }
        if entries.isEmpty {
            lines.append("same: \(pairedCount) messages")
        } else {
            let count = entries.count == 1 ? "1 difference" : "\(entries.count) differences"
            lines += entries.map { $0.text } + ["\(count), \(pairedCount) messages in both"]
        }
        return lines.joined(separator: "\n")
    }

    /// The same for a program.
    func json(first: String, second: String) -> String {
        JSONValue.document([
            ("first", .string(first)), ("second", .string(second)), ("same", .bool(entries.isEmpty)),
            ("transports", transports.isEmpty ? nil : .array(transports.map { .string($0) })),
            ("paired", .int(pairedCount)), ("differences", .array(entries.map { $0.json })),
        ])
    }
}

extension RecordingDiff.Entry {
    fileprivate var text: String {
        switch self {
        case .removed(let event, let what): "- event \(event): \(what)"
        case .added(let event, let what): "+ event \(event): \(what)"
        case .moved(let first, let second, let what): "> event \(first) moved to \(second): \(what)"
        case .changed(let first, let second, let what, let differences):
            "~ event \(first) / \(second): \(what)" + differences.map { "\n    \($0)" }.joined()
        case .ended(let first, let second): "~ end of the server: \(first) -> \(second)"
        case .answered(let first, let second, let what, let from, let to):
            "~ event \(first) / \(second): \(what): \(from) -> \(to)"
        }
    }

    fileprivate var json: JSONValue {
        switch self {
        case .removed(let event, let what):
            .record([("kind", .string("removed")), ("first", .int(event)), ("what", .string(what))])
        case .added(let event, let what):
            .record([("kind", .string("added")), ("second", .int(event)), ("what", .string(what))])
        case .moved(let first, let second, let what):
            .record([
                ("kind", .string("moved")), ("first", .int(first)), ("second", .int(second)),
                ("what", .string(what)),
            ])
        case .changed(let first, let second, let what, let differences):
            .record([
                ("kind", .string("changed")), ("first", .int(first)), ("second", .int(second)),
                ("what", .string(what)), ("places", .array(differences.map { $0.json })),
            ])
        case .ended(let first, let second):
            .record([("kind", .string("ended")), ("from", .string(first)), ("to", .string(second))])
        case .answered(let first, let second, let what, let from, let to):
            .record([
                ("kind", .string("answered")), ("first", .int(first)), ("second", .int(second)),
                ("what", .string(what)), ("from", .string(from)), ("to", .string(to)),
            ])
        }
    }
}

extension JSONDifference {
    /// The difference for a program.
    var json: JSONValue {
        switch change {
        case .changed(let from, let to):
            .record([("pointer", .string(pointer)), ("from", .string(from)), ("to", .string(to))])
        case .added(let value):
            .record([("pointer", .string(pointer)), ("to", .string(value))])
        case .removed(let value):
            .record([("pointer", .string(pointer)), ("from", .string(value))])
        }
    }
}
