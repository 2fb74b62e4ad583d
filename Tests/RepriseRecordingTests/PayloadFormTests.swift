import MCPWire
import RepriseRecording
import Testing

/// A payload takes the first form that fits, and its bytes come back whatever the form.
@Suite struct PayloadFormTests {
    struct Sample: CustomTestStringConvertible, Sendable {
        var line: [UInt8]
        /// What stands on the line of the file after the kind.
        var written: String

        init(_ line: String, _ written: String) {
            self.init(bytes(line), written)
        }

        init(_ line: [UInt8], _ written: String) {
            self.line = line
            self.written = written
        }

        var testDescription: String { String(text(line).debugDescription.prefix(60)) }
    }

    static let samples: [Sample] = [
        Sample("{\"a\":1}\n", #","json":{"a":1}}"#),
        Sample("{\"a\":1}", #","post":"","json":{"a":1}}"#),
        Sample("{\"a\":1}\r\n", #","post":"\r\n","json":{"a":1}}"#),
        Sample(" \t{\"a\":1} \n", #","pre":" \t","post":" \n","json":{"a":1}}"#),
        Sample("\r1\n", #","pre":"\r","json":1}"#),
        Sample("[ 1 ,2]\n", #","json":[ 1 ,2]}"#),
        Sample("\"\\ud83d\\ude00\"\n", #","json":"\ud83d\ude00"}"#),
        // A carriage return inside, an unpaired surrogate, and what is no JSON cannot be spliced.
        Sample("{\"a\":\r1}\n", #","text":"{\"a\":\r1}"}"#),
        Sample("{\"a\":\"\\ud83d\"}\n", #","text":"{\"a\":\"\\ud83d\"}"}"#),
        Sample("{\"\\ude00\":1}\n", #","text":"{\"\\ude00\":1}"}"#),
        Sample("{\"a\":1} {}\n", #","text":"{\"a\":1} {}"}"#),
        Sample("{\"a\":\n", #","text":"{\"a\":"}"#),
        Sample("\u{FEFF}{}\n", ",\"text\":\"\u{FEFF}{}\"}"),
        Sample("\n", #","text":""}"#),
        Sample("", #","post":"","text":""}"#),
        Sample(" \r\n", #","text":" \r"}"#),
        Sample("a\u{0}\u{7F}\u{2028}\n", ",\"text\":\"a\\u0000\u{7F}\u{2028}\"}"),
        Sample("Listening on 3000\n", #","text":"Listening on 3000"}"#),
        // Neither is text that is no UTF-8, even inside a JSON string.
        Sample([0xFF, 0x0A], #","base64":"/w=="}"#),
        Sample([0x22, 0xC3, 0x28, 0x22, 0x0A], #","base64":"IsMoIg=="}"#),
        Sample([0x22, 0xED, 0xA0, 0x80, 0x22, 0x0A], #","base64":"Iu2ggCI="}"#),
        Sample([0x7B, 0x7D, 0x20, 0xFE], #","post":"","base64":"e30g/g=="}"#),
    ]

    @Test("S-173: a payload takes the first form that fits, and comes back", arguments: samples)
    func theFirstFormThatFitsIsTaken(sample: Sample) throws {
        let frame = Frame(line: sample.line)
        #expect(payloadText(of: frame) == sample.written + "\n")
        #expect(try reread(lineEvent(frame)).frame?.wireBytes == sample.line)
    }

    @Test func nestingUpTo128LevelsIsSplicedAndDeeperIsText() throws {
        func nested(_ depth: Int) -> [UInt8] {
            bytes(String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "\n")
        }
        #expect(RecordingEncoder.spliceDepthMax == 128)
        for (depth, form) in [(127, "json"), (128, "json"), (129, "text"), (5000, "text")] {
            let frame = Frame(line: nested(depth))
            #expect(payloadText(of: frame).hasPrefix(",\"\(form)\":"), "depth \(depth)")
            #expect(try reread(lineEvent(frame)).frame?.wireBytes == nested(depth), "depth \(depth)")
        }
    }

    @Test(
        "S-173: what a JSON payload looks like stays as it is",
        arguments: [
            #"{"n":[1,1.0,1e0,10E-1,-0,0.10,123456789012345678901234567890,1e99999]}"#,
            #"{"b":1,"a":2,"b":3,"\u0062":4}"#,
            #"{"zeta":{ "x" : [ ] },"alpha":"\u00e9\/é"}"#,
            "{\"a\":\"\u{2028}\u{7F}\\u0000\"}", #""just a string""#, "-1.50", "null", "[]",
        ])
    func aJSONPayloadIsSplicedUnchanged(payload: String) throws {
        let frame = Frame(line: bytes(payload + "\n"))
        #expect(payloadText(of: frame) == #","json":\#(payload)}"# + "\n")
        #expect(try reread(lineEvent(frame)).frame == frame)
    }

    @Test func anOmittedPayloadKeepsItsLengthAndDigest() throws {
        let digest = SHA256.hexadecimal(of: [0xFF, 0xFE])
        let frame = Frame(payload: .omitted(byteCount: 2, sha256: digest))
        #expect(payloadText(of: frame) == #","omitted":{"bytes":2,"sha256":"\#(digest)"}}"# + "\n")
        let read = try #require(try reread(lineEvent(frame)).frame)
        #expect(read == frame)
        #expect(read.wireBytes == nil)
        #expect(read.wireByteCount == 3)
    }

    @Test func everythingElseOfAFrameStandsBeforeItsPayload() throws {
        let frame = Frame(
            pre: bytes(" "), payload: .bytes(bytes(#"{"k":"reprise-secret-1"}"#)), post: bytes("\r\n"),
            cuts: [.init(offset: 3, age: 250), .init(offset: 27, age: 0)], placeholders: [6..<22], isContinued: true)
        let written = #","more":true,"cuts":[[3,250],[27,0]],"red":[[6,16]],"pre":" ","post":"\r\n","#
        #expect(payloadText(of: frame) == written + #""json":{"k":"reprise-secret-1"}}"# + "\n")
        #expect(try reread(lineEvent(frame)).frame == frame)
    }

    @Test func placeholdersMoveWithTheWhiteSpaceAroundThem() throws {
        let line = bytes("  {\"k\":\"reprise-secret-1\"} \n")
        var frame = Frame(line: line)
        frame.placeholders = [8..<24]
        let read = try #require(try reread(lineEvent(frame)).frame)
        #expect(read.placeholders == [6..<22])
        #expect(read.pre == bytes("  "))
        #expect(read.wireBytes == line)
    }
}
