import ArgumentParser
import RepriseRecording

/// `reprise inspect`: shows what a recording holds.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a recording holds, one line an event.",
        discussion: "Of an HTTP recording text shows messages, and of exchanges what the messages do not say.")

    @Argument(help: "The recording.")
    var file: String

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        let inspection = Inspection(try Recording.load(file), path: file)
        switch format {
        case .text: print(inspection.text)
        case .json: print(inspection.json)
        }
    }
}
