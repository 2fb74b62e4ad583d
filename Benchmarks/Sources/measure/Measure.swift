/// What can be measured without other processes; `Benchmarks/run` runs it and prints what it says.
@main
struct Measure {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, Int(arguments.dropFirst().first ?? "")) {
        case ("requests", let count?):
            print(Traffic.requests(count), terminator: "")
        case ("recording", let count?):
            print(Traffic.recording(count), terminator: "")
        case ("scanner", let rounds?):
            try ScannerMeasurement.run(rounds: rounds)
        case ("replay", let rounds?):
            try ReplayMeasurement.run(rounds: rounds)
        case ("recorder", let rounds?):
            try RecorderMeasurement.run(rounds: rounds)
        default:
            print("usage: measure requests COUNT | recording COUNT | scanner ROUNDS | replay ROUNDS | recorder ROUNDS")
        }
    }
}
