import ArgumentParser
import Foundation
import RepriseRehearsal

/// The options of `reprise run` for a client in any language.
struct ClientOptions: ParsableArguments {
    @Option(help: "So many seconds of a scenario pass in a real one, 1 to 1000.")
    var speed: Int?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "Play a scenario so long at most, in real time, such as 10s. By default until 5 s after what is expected "
                + "last, and 30 s at most.", valueName: "duration"))
    var limit: String?

    @Option(
        help: "How far an instant may be off: 200ms of real time, or 100ms+5% of the instant on top (the default).")
    var tolerance: String?

    @Option(help: ArgumentHelp("Record what goes over the wire to this folder, redacted.", valueName: "folder"))
    var record: String?

    /// The client's command line. The parser takes no list after a list, so ``arguments(_:)`` makes `--` an option.
    @Option(name: .customLong(Self.clientOption), parsing: .remaining, help: .hidden)
    var client: [String] = []

    private static let clientOption = "client-command"

    /// What the parser is given in place of the arguments of this process.
    static func arguments(_ arguments: [String]) -> [String] {
        guard arguments.first == "run", let index = arguments.firstIndex(of: "--") else { return arguments }
        let client = arguments[(index + 1)...]
        return arguments[..<index] + ["--\(clientOption)"] + (client.isEmpty ? [""] : client)
    }

    /// Throws for options that make no sense together.
    func validate(repeatCount: Int, revision: String?) throws {
        if client.isEmpty {
            let given = [
                speed.map { _ in "--speed" }, limit.map { _ in "--for" }, tolerance.map { _ in "--tolerance" },
            ]
            if let option = (given + [record.map { _ in "--record" }]).compactMap(\.self).first {
                throw ValidationError("\(option) goes with a client: type its command after `--`.")
            }
            return
        }
        guard client.first?.isEmpty == false else { throw ValidationError("The client's command is empty.") }
        guard repeatCount == 1 else { throw ValidationError("--repeat goes without a client.") }
        guard revision == nil else {
            throw ValidationError("--revision goes without a client, which asks for the revision that it wants.")
        }
        guard (1...1000).contains(speed ?? 1) else { throw ValidationError("--speed takes 1 to 1000.") }
        _ = try rehearsal
    }

    /// How scenarios are played.
    var rehearsal: RehearsalOptions {
        get throws {
            var options = RehearsalOptions(program: [CommandLine.program])
            options.speed = speed ?? 1
            options.recordingFolder = record
            if let tolerance {
                guard let read = Tolerance(tolerance) else {
                    throw ValidationError("--tolerance takes a time such as 200ms, or 100ms+5%.")
                }
                options.tolerance = read
            }
            if let limit {
                guard let read = Tolerance(limit), read.percent == 0, read.base > .zero else {
                    throw ValidationError("--for takes a time such as 10s, an hour at most.")
                }
                options.limit = read.base
            }
            return options
        }
    }
}

extension CommandLine {
    /// The path of this program: the one that runs, whatever name it was started by.
    fileprivate static var program: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? arguments[0]
    }
}
