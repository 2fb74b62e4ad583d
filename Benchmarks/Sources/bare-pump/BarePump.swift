import RepriseProxy

/// Forwards a stdio session as `reprise record` does, and records nothing: what the recording costs is the difference.
@main
struct BarePump {
    static func main() throws {
        try StdioProxy.run(
            .init(
                command: Array(CommandLine.arguments.dropFirst()), path: nil, redaction: nil, recorder: "bare-pump",
                start: ""))
    }
}
