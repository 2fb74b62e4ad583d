import Foundation
import MCPWire
import RepriseRecording
import Testing

/// docs/CLIENTS.md as `scripts/clients` writes it, with the recordings that it links to.
@Suite struct ClientsPageTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let recordings: [String] = {
        let folder = root.appending(path: "recordings/clients").path
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }()

    private static var page: String {
        get throws { try String(contentsOf: root.appending(path: "docs/CLIENTS.md"), encoding: .utf8) }
    }

    @Test func everyRowHasAScenarioAndWhatEachClientDoes() throws {
        let rows = try Self.page.split(separator: "\n").filter { $0.hasPrefix("| [") }
        #expect(rows.count >= 30)
        for row in rows {
            let cells = row.replacing("\\|", with: "").split(separator: "|").filter { $0 != " " }
            #expect(cells.count == 4, "\(row)")
            let path = row.split(separator: "(../").dropFirst().first?.prefix { $0 != ")" } ?? ""
            #expect(FileManager.default.fileExists(atPath: Self.root.appending(path: String(path)).path), "\(path)")
        }
    }

    @Test func whatIsLinkedIsThereAndWhatIsThereIsLinked() throws {
        let page = try Self.page
        let linked = Set(page.matches(of: /recordings\/clients\/([a-z0-9.-]+)/).map { String($0.1) })
        #expect(linked == Set(Self.recordings))
        #expect(linked.count >= 10)
    }

    @Test("A recording of a foreign client is whole, redacted and small", arguments: recordings)
    func aRecordingIsWhole(_ name: String) throws {
        let bytes = Array(try Data(contentsOf: Self.root.appending(path: "recordings/clients/\(name)")))
        let recording = try RecordingReader.read(bytes)
        #expect(recording.completion == .finished)
        #expect(recording.header.redaction != .none)
        #expect(!recording.events.isEmpty)
        #expect(bytes.count <= 32 << 10)
    }
}
