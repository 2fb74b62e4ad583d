import Foundation

/// A recorder between a foreign client and one server of a scenario: this program itself, as `record --url`.
final class RecorderProcess {
    /// Where it listens, `http://127.0.0.1:PORT`: the client is given this in place of the server's origin.
    let origin: String
    /// The file that it writes.
    let path: String
    private let process: ClientProcess

    /// Starts `program` and waits until it listens; throws ``Rehearsal/StartError`` if it does not within 10 s.
    init(_ program: [String], recording server: String, to path: String) throws {
        let command = program + ["record", "--url", server, "--listen", "127.0.0.1:0", "--out", path]
        process = try ClientProcess(ClientInvocation(command))
        for _ in 0..<1000 {
            if let told = Self.told(in: process.output.text) {
                (origin, self.path) = (told.origin, told.path)
                return
            }
            if process.end != nil { break }
            usleep(10_000)
        }
        process.stop()
        throw Rehearsal.StartError(description: "the recorder did not start: \(process.output.text)")
    }

    /// Ends it, so that its recording is complete.
    func stop() { process.stop() }

    /// What stands in its line `reprise: … recording URL -> SERVER to PATH`.
    private static func told(in text: String) -> (origin: String, path: String)? {
        for line in text.split(separator: "\n") {
            guard let start = line.firstRange(of: "recording http"), let arrow = line.firstRange(of: " -> "),
                let to = line[arrow.upperBound...].firstRange(of: " to ")
            else { continue }
            let url = "http" + line[start.upperBound..<arrow.lowerBound]
            return (url.split(separator: "/").prefix(2).joined(separator: "//"), String(line[to.upperBound...]))
        }
        return nil
    }
}
