import RepriseRecording
import Testing

/// Marks of placeholders are believed where they stand on one, and found anew where an edit moved them.
@Suite struct PlaceholderTests {
    private static let jwt = "eyJhbGciOiJub25lIn0.eyJpYXQiOjEsImV4cCI6Mn0.reprise-secret-3"

    /// The placeholders that a reader finds in a JSON payload with these marks, as text.
    private func read(_ payload: String, red: String) throws -> [String] {
        let line = #"{"t":1,"d":"c2s","e":"line","red":\#(red),"json":\#(payload)}"# + "\n"
        let recording = try RecordingReader.read(lines(of: [])[0] + bytes(line))
        let frame = try #require(recording.events[0].frame)
        guard case .bytes(let all) = frame.payload else { return [] }
        #expect(zip(frame.placeholders, frame.placeholders.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
        return frame.placeholders.map { text(all[$0]) }
    }

    @Test func marksThatStandOnPlaceholdersAreKept() throws {
        #expect(try read(#""reprise-secret-1""#, red: "[[1,16]]") == ["reprise-secret-1"])
        // The same text in traffic, unmarked, is no secret.
        #expect(try read(#"["reprise-secret-1","reprise-secret-2"]"#, red: "[[2,16]]") == ["reprise-secret-1"])
        #expect(try read(#""reprise-secret-1""#, red: "[]") == [])
        #expect(try read(#""Bearer reprise-secret-12""#, red: "[[8,17]]") == ["reprise-secret-12"])
        #expect(try read("\"\(Self.jwt)\"", red: "[[1,\(Self.jwt.utf8.count)]]") == [Self.jwt])
        #expect(try read("\"Bearer \(Self.jwt)\"", red: "[[8,\(Self.jwt.utf8.count)]]") == [Self.jwt])
    }

    static let edited: [(payload: String, red: String, found: [String])] = [
        // Moved by what was put in before them, by one byte and by more.
        (#""xreprise-secret-1""#, "[[1,16]]", ["reprise-secret-1"]),
        (#"[{"k":"reprise-secret-12"}]"#, "[[6,17]]", ["reprise-secret-12"]),
        (#"{"added":true,"k":"reprise-secret-1"}"#, "[[6,16]]", ["reprise-secret-1"]),
        // Moved by what was taken out before them, or behind the end.
        (#""reprise-secret-1""#, "[[2,16]]", ["reprise-secret-1"]),
        (#""reprise-secret-1""#, "[[900,16]]", ["reprise-secret-1"]),
        // Gone, doubled, or one of two moved.
        (#""gone""#, "[[1,16]]", []),
        (#"["reprise-secret-1","reprise-secret-1"]"#, "[[1,16]]", ["reprise-secret-1", "reprise-secret-1"]),
        (#"["reprise-secret-7", "reprise-secret-8"]"#, "[[2,16],[20,16]]", ["reprise-secret-7", "reprise-secret-8"]),
        // Marks of another length.
        (#""reprise-secret-1""#, "[[1,0]]", ["reprise-secret-1"]),
        (#""reprise-secret-1""#, "[[0,17]]", ["reprise-secret-1"]),
        (#""reprise-secret-""#, "[[1,15]]", []),
        (#""reprise-secret-x reprise-reprise-secret-4""#, "[[1,16]]", ["reprise-secret-4"]),
    ]

    @Test("marks that an edit moved are found anew", arguments: edited.indices)
    func marksThatAnEditMovedAreFoundAnew(index: Int) throws {
        let (payload, red, found) = Self.edited[index]
        #expect(try read(payload, red: red) == found)
    }

    @Test func aMovedTokenIsFoundWhole() throws {
        let count = Self.jwt.utf8.count
        #expect(try read("\"x \(Self.jwt)\"", red: "[[1,\(count)]]") == [Self.jwt])
        #expect(try read("[\"\(Self.jwt)\",\"\(Self.jwt)\"]", red: "[[1,\(count)]]") == [Self.jwt, Self.jwt])
        // Two parts, or a first part that is no JSON object, make no token.
        #expect(try read(#""eyJh.reprise-secret-1""#, red: "[[0,1]]") == ["reprise-secret-1"])
        #expect(try read(#""a.b.reprise-secret-1""#, red: "[[0,1]]") == ["reprise-secret-1"])
        #expect(try read(#""..reprise-secret-1""#, red: "[[0,1]]") == ["reprise-secret-1"])
        #expect(try read(#"".reprise-secret-1""#, red: "[[0,1]]") == ["reprise-secret-1"])
    }

    @Test func placeholdersThatCouldFormOneTokenStayApart() throws {
        let payload = #""eyA.reprise-secret-1.reprise-secret-2""#
        #expect(try read(payload, red: "[[0,1]]") == ["reprise-secret-1", "reprise-secret-2"])
    }

    @Test func anEditedLineIsEncodedWithTheMarksThatWereFound() throws {
        let line = #"{"t":1,"d":"c2s","e":"line","red":[[1,16]],"json":["a","reprise-secret-1"]}"# + "\n"
        let recording = try RecordingReader.read(lines(of: [])[0] + bytes(line))
        #expect(text(lines(of: recording.events)[1]).contains(#""red":[[6,16]]"#))
    }

    @Test func anOmittedPayloadHasNoPlaceholders() throws {
        let line = #"{"t":1,"d":"c2s","e":"line","red":[[1,16]],"omitted":{"bytes":3,"sha256":""}}"# + "\n"
        let recording = try RecordingReader.read(lines(of: [])[0] + bytes(line))
        #expect(recording.events[0].frame?.placeholders == [])
    }
}
