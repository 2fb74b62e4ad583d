import Foundation
import MCPTransports
import Testing

@testable import RepriseProxy

/// The file of a recording: new, the owner's alone, and ending with a whole line.
@Suite struct RecordingFileTests {
    /// A folder that is gone after the test.
    private final class Folder {
        let path: String

        init() {
            path = FileManager.default.temporaryDirectory.path + "/reprise-file-\(UUID().uuidString)"
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test(
        "a number stands before the extension",
        arguments: [
            ("a.jsonl", "a-2.jsonl"), ("a", "a-2"), ("a.b/c", "a.b/c-2"), ("a/b.tar.gz", "a/b.tar-2.gz"),
            (".hidden", ".hidden-2"), ("a/.hidden", "a/.hidden-2"), ("a.", "a-2."),
        ])
    func aNumberStandsBeforeTheExtension(path: String, expected: String) {
        #expect(RecordingFile.numbered(path, 2) == expected)
    }

    @Test func linesAreAddedInTheirOrder() throws {
        let folder = Folder()
        let path = folder.path + "/deep/a.jsonl"
        do {
            var file = try RecordingFile(creating: path)
            #expect(file.path == path)
            try file.write(Array("one\n".utf8))
            #expect(try readFile(path) == Array("one\n".utf8))
            try file.write(Array("two\n".utf8))
        }
        #expect(try readFile(path) == Array("one\ntwo\n".utf8))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func anExistingFileIsNeverTouched() throws {
        let folder = Folder()
        let path = folder.path + "/a.jsonl"
        let first = try RecordingFile(creating: path)
        let second = try RecordingFile(creating: path)
        let third = try RecordingFile(creating: path)
        #expect(first.path == path)
        #expect(second.path == folder.path + "/a-2.jsonl")
        #expect(third.path == folder.path + "/a-3.jsonl")
    }

    @Test func aRemovedFileIsAnError() throws {
        let folder = Folder()
        var file = try RecordingFile(creating: folder.path + "/a.jsonl")
        try file.write(Array("one\n".utf8))
        try FileManager.default.removeItem(atPath: file.path)
        let path = file.path
        do {
            // Between two lines it is looked for now and then, before the last one always.
            try file.write(Array("two\n".utf8), isLast: true)
            Issue.record("written to a file that is gone")
        } catch let error as SystemError {
            #expect(error == SystemError("\(path) was removed", code: ENOENT))
        }
    }

    @Test func whatCannotBeReadIsAnErrorThatNamesIt() throws {
        let folder = Folder()
        _ = try RecordingFile(creating: folder.path + "/a.jsonl")
        #expect(throws: SystemError("cannot open \(folder.path)/b", code: ENOENT)) { try readFile(folder.path + "/b") }
        #expect(throws: SystemError("cannot read \(folder.path)", code: EISDIR)) { try readFile(folder.path) }
        #expect(throws: SystemError.self) { _ = try RecordingFile(creating: folder.path + "/a.jsonl/b") }
        let error = SystemError("cannot open x", code: ENOENT)
        #expect("\(error)" == "cannot open x: No such file or directory")
    }
}
