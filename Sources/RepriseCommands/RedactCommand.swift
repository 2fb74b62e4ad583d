import ArgumentParser
import RepriseProxy
import RepriseRecording
import RepriseRedaction

/// `reprise redact`: takes secrets out of a recording that was made with all of them, or looks for some.
struct RedactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redact",
        abstract: "Replace the secrets in a recording, or look for them.",
        discussion: "With --scan nothing is written; the exit code is 1 when something was found.")

    @Argument(help: "The recording.")
    var file: String

    @Option(help: "The new recording; an existing file is left alone and the new one numbered.")
    var out: String?

    @Flag(help: "Only tell which events hold secrets.")
    var scan = false

    @Option(help: "Rules of redaction: standard, or a file with further rules.")
    var rules = "standard"

    func validate() throws {
        guard scan != (out != nil) else { throw ValidationError("Give either --out FILE or --scan.") }
        guard rules != "none" else { throw ValidationError("--rules none would change nothing.") }
    }

    func run() throws {
        let recording = try Recording.load(file)
        for (index, event) in recording.events.enumerated() {
            guard case .unknown(let kind) = event.kind else { continue }
            throw CommandFailure(
                .unreadable,
                "\(file): event \(index + 1) is of kind \"\(kind)\", which this version cannot redact; it needs a newer reprise"
            )
        }
        guard let (name, rules) = try RulesOption.rules(rules) else { return }
        let redactor: EventRedactor
        do {
            redactor = try EventRedactor(rules: rules)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        if let out {
            try write(recording, to: out, redactor, name: name, digest: rules.digest)
        } else {
            try look(in: recording, redactor)
        }
    }

    private func write(
        _ recording: Recording, to path: String, _ redactor: EventRedactor, name: String, digest: String
    ) throws {
        guard recording.header.redaction == .none else {
            throw CommandFailure(
                .usage, "\(file) was redacted when it was recorded; redact takes a recording made with --redact none")
        }
        var redactor = redactor
        var redacted = recording
        switch recording.header.target {
        case .command(let command): redacted.header.target = .command(redactor.redact(command: command))
        case .url(let url): redacted.header.target = .url(redactor.redact(url: url))
        }
        redacted.header.redaction = .rules(name: name, digest: digest)
        redacted.events = recording.events.map { redactor.redact($0) }
        let secrets = redacted.events.reduce(0) { $0 + $1.placeholderCount }
        say("wrote \(try redacted.save(path)): \(secrets) secrets replaced")
    }

    private func look(in recording: Recording, _ redactor: EventRedactor) throws {
        var redactor = redactor
        var found = 0
        for (index, event) in recording.events.enumerated() {
            let secrets = redactor.secretCount(in: event)
            guard secrets > 0 else { continue }
            found += secrets
            let direction = event.direction.map { " \($0.rawValue)" } ?? ""
            print(
                "event \(index + 1)\(direction) \(event.kind.name): \(secrets == 1 ? "1 secret" : "\(secrets) secrets")"
            )
        }
        print(found == 0 ? "no secrets found in \(recording.events.count) events" : "\(found) secrets found")
        if found > 0 { throw CommandFailure(.differs) }
    }
}
