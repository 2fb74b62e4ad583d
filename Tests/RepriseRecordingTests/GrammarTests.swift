import RepriseRecording
import Testing

/// What breaks the grammar is an error with its line number and reason; what is only unknown is not.
@Suite struct GrammarTests {
    /// A line and what is said of it.
    static let broken: [(line: String, reason: String)] = [
        ("", "not JSON: no value"),
        ("{", "not JSON: the text ends inside a value"),
        (#"{"t":1,"e":"open"} x"#, "not JSON: something follows"),
        (
            #"{"t":1,"e":"open","x":\#(String(repeating: "[", count: 200))\#(String(repeating: "]", count: 200))}"#,
            "129"
        ),
        ("[1]", "not a JSON object"),
        ("\"open\"", "not a JSON object"),
        (#"{"e":"open"}"#, "no \"t\""),
        (#"{"t":"1","e":"open"}"#, "\"t\" must be an integer"),
        (#"{"t":-1,"e":"open"}"#, "\"t\" must be an integer"),
        (#"{"t":1.5,"e":"open"}"#, "\"t\" must be an integer"),
        (#"{"t":9223372036854775808,"e":"open"}"#, "\"t\" must be an integer"),
        (#"{"t":1}"#, "no \"e\""),
        (#"{"t":1,"e":7}"#, "\"e\" must be a string"),
        (#"{"t":1,"s":"a","e":"open"}"#, "\"s\" must be an integer"),
        (#"{"t":1,"c":[],"e":"open"}"#, "\"c\" must be an integer"),
        (#"{"t":1,"x":null,"e":"open"}"#, "\"x\" must be an integer"),
        (#"{"t":1,"d":"up","e":"line","json":1}"#, "\"d\" is \"up\""),
        (#"{"t":1,"d":1,"e":"line","json":1}"#, "\"d\" must be a string"),
        (#"{"t":1,"e":"line","json":1}"#, "a line without \"d\""),
        (#"{"t":1,"d":"c2s","e":"line"}"#, "no payload"),
        (#"{"t":1,"d":"s2c","e":"stderr"}"#, "no payload"),
        (#"{"t":1,"d":"c2s","e":"line","text":{}}"#, "\"text\" must be a string"),
        (#"{"t":1,"d":"c2s","e":"line","base64":1}"#, "\"base64\" must be a string"),
        (#"{"t":1,"d":"c2s","e":"line","base64":"/w="}"#, "\"base64\" does not decode"),
        (#"{"t":1,"d":"c2s","e":"line","base64":"/x=="}"#, "\"base64\" does not decode"),
        (#"{"t":1,"d":"c2s","e":"line","omitted":{"bytes":2}}"#, "\"omitted\" without"),
        (#"{"t":1,"d":"c2s","e":"line","omitted":{"bytes":-2,"sha256":""}}"#, "\"bytes\" must be an integer"),
        (#"{"t":1,"d":"c2s","e":"line","pre":1,"json":1}"#, "\"pre\" must be a string"),
        (#"{"t":1,"d":"c2s","e":"line","post":null,"json":1}"#, "\"post\" must be a string"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":[[2,0],[1,0]],"json":1}"#, "\"cuts\" must ascend from 1"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":[[1,0],[1,0]],"json":1}"#, "\"cuts\" must ascend from 1"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":[[0,0]],"json":1}"#, "\"cuts\" must ascend from 1"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":7,"json":1}"#, "\"cuts\" must hold pairs"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":[1,2],"json":1}"#, "\"cuts\" must hold pairs"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":[[1]],"json":1}"#, "\"cuts\" must hold pairs"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":[[1,-5]],"json":1}"#, "\"cuts\" must hold pairs"),
        (#"{"t":1,"d":"c2s","e":"line","cuts":[[1,"x",2]],"json":1}"#, "\"cuts\" must hold pairs"),
        (#"{"t":1,"d":"c2s","e":"line","red":{},"json":1}"#, "\"red\" must hold pairs"),
        (#"{"t":1,"d":"c2s","e":"line","red":[[1,2.5]],"json":1}"#, "\"red\" must hold pairs"),
        (#"{"t":1,"d":"c2s","e":"line","red":[[1,5],[3,5]],"json":1}"#, "\"red\" must ascend"),
        (#"{"t":1,"d":"c2s","e":"line","red":[[1,9223372036854775807]],"json":1}"#, "\"red\" must ascend"),
        (#"{"t":1,"e":"end"}"#, "\"pipe\" is not"),
        (#"{"t":1,"e":"end","pipe":"stdlog"}"#, "\"pipe\" is not"),
        (#"{"t":1,"e":"close"}"#, "a close with none of"),
        (#"{"t":1,"e":"close","how":"rst"}"#, "\"how\" is \"rst\""),
        (#"{"t":1,"e":"end","x":1,"pipe":"up"}"#, "\"pipe\" is not"),
        (#"{"t":1,"e":"request","method":"GET","target":"/","headers":[]}"#, "\"request\" without \"x\""),
        (#"{"t":1,"x":1,"e":"request","target":"/","headers":[]}"#, "a request without"),
        (#"{"t":1,"x":1,"e":"request","method":"GET","target":"/"}"#, "no \"headers\""),
        (#"{"t":1,"x":1,"e":"response","headers":[]}"#, "a response without a \"status\""),
        (#"{"t":1,"x":1,"e":"response","status":20,"headers":[]}"#, "a response without a \"status\""),
        (#"{"t":1,"x":1,"e":"response","status":200,"headers":{}}"#, "no \"headers\""),
        (#"{"t":1,"x":1,"e":"response","status":200,"headers":[["a"]]}"#, "a name and a value"),
        (#"{"t":1,"x":1,"e":"response","status":200,"headers":[["a",1]]}"#, "\"headers\" must be a string"),
        (#"{"t":1,"x":1,"e":"response","status":200,"headers":[["a","b",7]]}"#, "\"red\" must hold pairs"),
        (#"{"t":1,"x":1,"e":"body","json":1}"#, "a body without \"d\""),
        (#"{"t":1,"x":1,"d":"s2c","e":"sse"}"#, "no payload"),
        (#"{"t":1,"e":"close","code":"0"}"#, "\"code\" must be an integer"),
        (#"{"t":1,"e":"close","code":4294967296}"#, "\"code\" must be"),
        (#"{"t":1,"e":"close","signal":4294967305}"#, "\"signal\" must be"),
        (#"{"t":1,"e":"note","note":1}"#, "\"note\" must be a string"),
        (#"{"t":1,"e":"finish","events":1}"#, "a finish without"),
        (#"{"t":1,"e":"finish","events":1,"sha256":5}"#, "\"sha256\" must be a string"),
    ]

    @Test("a line that breaks the grammar is named with its reason", arguments: broken.indices)
    func aBrokenLineIsNamedWithItsReason(index: Int) {
        let (line, reason) = Self.broken[index]
        // The line stands third, so that its number is neither the first nor the last.
        let file = text(lines(of: [Event(time: 0, kind: .open)]).joined()) + line + "\n" + #"{"t":2,"e":"open"}"# + "\n"
        #expect {
            try RecordingReader.read(bytes(file))
        } throws: { error in
            guard let error = error as? RecordingError, case .invalid(let what) = error.reason else { return false }
            return error.line == 3 && what.contains(reason) && error.description.hasPrefix("line 3: ")
        }
    }

    @Test func anythingBehindTheFinishLineIsNamed() {
        let file = Recording(header: sampleHeader, events: []).encoded + bytes(#"{"t":1,"e":"open"}"# + "\n")
        #expect(throws: RecordingError(line: 3, reason: .invalid("stands after the finish line"))) {
            try RecordingReader.read(file)
        }
    }

    @Test func carriageReturnsAtLineEndsAreNoErrorButAChange() throws {
        let file = Recording(header: sampleHeader, events: [Event(time: 1, kind: .open)]).encoded
        let read = try RecordingReader.read(bytes(text(file).replacing("\n", with: "\r\n")))
        #expect(read.events.count == 2)
        #expect(read.completion == .changed)
    }

    @Test func unknownKeysAreIgnored() throws {
        let known = #"{"t":1,"c":1,"d":"c2s","e":"line","cuts":[[1,2]],"json":[1]}"#
        let more =
            #"{"z":{"t":5},"t":1,"c":1,"note":7,"pipe":null,"d":"c2s","e":"line","cuts":[[1,2]],"json":[1],"y":[]}"#
        let file = lines(of: [])[0] + bytes(known + "\n" + more + "\n")
        let read = try RecordingReader.read(file)
        #expect(read.events.count == 2)
        #expect(read.events[0] == read.events[1])
    }

    @Test func unknownKindsAreKeptByName() throws {
        let file = lines(of: [])[0] + bytes(#"{"t":1,"d":"s2c","e":"ws","data":"x","text":7}"# + "\n")
        let read = try RecordingReader.read(file)
        #expect(read.events == [Event(time: 1, direction: .serverToClient, kind: .unknown("ws"))])
    }

    @Test func keysMayBeEscapedAndTheLastDuplicateCounts() throws {
        let file =
            lines(of: [])[0] + bytes(#"{"\u0074":1,"t":2,"e":"line","d":"c2s","text":"a","\u0065":"open"}"# + "\n")
        #expect(try RecordingReader.read(file).events == [Event(time: 2, direction: .clientToServer, kind: .open)])
    }
}
