import Testing

@testable import MCPWire

@Suite struct MessageTests {
    @Test func tellsTheKindsApart() {
        let table: [(String, Message.Kind)] = [
            (#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, .request),
            (#"{"jsonrpc":"2.0","id":"a","method":"ping","params":{}}"#, .request),
            (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, .request),
            (#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, .notification),
            (#"{"jsonrpc":"2.0","id":1,"result":{}}"#, .result),
            (#"{"jsonrpc":"2.0","id":1,"result":null}"#, .result),
            (#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}"#, .error),
            (#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#, .error),
            (#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}"#, .error),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n", .request),
            (#"{"\u006asonrpc":"2\u002e0","\u0069d":1,"m\u0065thod":"p\u0069ng"}"#, .request),
            (#"{"jsonrpc":"2.0","id":1,"method":"x","result":{}}"#, .request),
            (#"{"method":"ping","jsonrpc":"1.0","jsonrpc":"2.0"}"#, .notification),
        ]
        for (text, kind) in table { #expect(read(text).kind == kind, "\(text)") }
    }

    @Test func namesTheRuleThatAMalformedFrameBreaks() {
        let table: [(String, Message.Malformation)] = [
            ("", .empty), (" \r\n", .empty), ("{", .notJSON(JSONError(offset: 1, reason: .unexpectedEnd))),
            ("\u{FEFF}{}", .notJSON(JSONError(offset: 0, reason: .unexpectedByte(0xEF)))),
            ("{}{}", .notJSON(JSONError(offset: 2, reason: .trailingBytes))),
            ("1", .notAnObject), ("\"x\"", .notAnObject), ("null", .notAnObject), ("[]", .emptyBatch),
            ("{}", .noVersion), (#"{"jsonrpc":2.0,"method":"x"}"#, .noVersion),
            (#"{"jsonrpc":"1.0","method":"x"}"#, .noVersion),
            (#"{"jsonrpc":"2.0","jsonrpc":null,"method":"x"}"#, .noVersion),
            (#"{"jsonrpc":"2.0","method":1}"#, .methodNotAString),
            (#"{"jsonrpc":"2.0","method":null,"id":1}"#, .methodNotAString),
            (#"{"jsonrpc":"2.0","id":true,"method":"x"}"#, .invalidID),
            (#"{"jsonrpc":"2.0","id":{},"result":1}"#, .invalidID),
            (#"{"jsonrpc":"2.0","id":[1],"method":"x"}"#, .invalidID),
            (#"{"jsonrpc":"2.0","id":1}"#, .neitherRequestNorResponse),
            (#"{"jsonrpc":"2.0"}"#, .neitherRequestNorResponse),
            (#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#, .bothResultAndError),
            (#"{"jsonrpc":"2.0","result":1}"#, .responseWithoutID),
            (#"{"x":{"jsonrpc":"2.0","method":"x"}}"#, .noVersion),
        ]
        for (text, malformation) in table {
            #expect(read(text).kind == .malformed(malformation), "\(text)")
            #expect(!malformation.description.isEmpty)
        }
    }

    @Test func givesTheIDAsWrittenAndTheMethodDecoded() {
        for text in ["7", "1.0", "-0", "\"a\\u0061\"", "null", "123456789012345678901234567890"] {
            let message = read(#"{"jsonrpc":"2.0","id":\#(text),"method":"tools\/call"}"#)
            #expect(message.id?.text == bytes(text))
            #expect(message.method == "tools/call")
        }
        #expect(read(#"{"jsonrpc":"2.0","method":"x"}"#).id == nil)
    }

    @Test func rangesPointIntoTheFrame() {
        let frame = bytes(
            " {\"jsonrpc\":\"2.0\", \"id\" : 12 ,\"method\":\"x\",\"params\":{\"id\":[1,{\"params\":2}]} }\r\n")
        let message = Message.read(frame.span)
        #expect(text(frame, message.range).hasPrefix("{\"jsonrpc\""))
        #expect(text(frame, message.range).hasSuffix("} }"))
        #expect(text(frame, message.idRange) == "12")
        #expect(text(frame, message.params) == #"{"id":[1,{"params":2}]}"#)
        let response = bytes(#"{"id":"q","result":[{"error":1}],"jsonrpc":"2.0"}"#)
        #expect(text(response, Message.read(response.span).result) == #"[{"error":1}]"#)
        let error = bytes(#"{"id":"q","error":"e","jsonrpc":"2.0"}"#)
        #expect(text(error, Message.read(error.span).error) == #""e""#)
    }

    @Test func theLastOfDuplicateMembersCounts() {
        let frame = bytes(#"{"jsonrpc":"2.0","id":1,"method":"a","params":[1],"id":2,"method":"b","params":{"x":1}}"#)
        let message = Message.read(frame.span)
        #expect(message.id == MessageID(text: bytes("2")))
        #expect(message.method == "b")
        #expect(text(frame, message.params) == #"{"x":1}"#)
    }

    @Test func readsEveryElementOfABatchInPlace() throws {
        let frame = bytes(
            #" [ {"jsonrpc":"2.0","id":1,"method":"a","params":[7]}, 5,[],[{}], {"jsonrpc":"2.0","id":2,"result":3},{},{"jsonrpc":"2.0","error":{}} ]"#
        )
        let message = Message.read(frame.span)
        guard case .batch(let elements) = message.kind else {
            Issue.record("no batch: \(message.kind)")
            return
        }
        #expect(
            elements.map(\.kind) == [
                .request, .malformed(.notAnObject), .malformed(.nestedBatch), .malformed(.nestedBatch), .result,
                .malformed(.noVersion), .error,
            ])
        #expect(text(frame, elements[0].range).hasPrefix("{\"jsonrpc\""))
        #expect(text(frame, elements[0].params) == "[7]")
        #expect(text(frame, elements[0].idRange) == "1")
        #expect(text(frame, elements[1].range) == "5")
        #expect(text(frame, elements[3].range) == "[{}]")
        #expect(text(frame, elements[4].result) == "3")
        #expect(text(frame, elements[6].error) == "{}")
        #expect(message.id == nil)
    }

    @Test func aBatchOverTheLimitNamesIt() {
        let frame = bytes("[1,2,3]")
        #expect(Message.read(frame.span, batchCountMax: 2).kind == .malformed(.batchLimit(2)))
        guard case .batch(let elements) = Message.read(frame.span, batchCountMax: 3).kind else {
            Issue.record("no batch")
            return
        }
        #expect(elements.count == 3)
    }

    @Test func agreesWithTheScannerOnWhatIsJSON() {
        for sample in JSONSamples.invalid {
            let expected: Message.Malformation = sample.error.reason == .empty ? .empty : .notJSON(sample.error)
            #expect(Message.read(sample.text.span).kind == .malformed(expected))
        }
        let deep = bytes("[[[]]]")
        let error = JSONError(offset: 2, reason: .depthLimit(2))
        #expect(Message.read(deep.span, depthMax: 2).kind == .malformed(.notJSON(error)))
    }

    private func read(_ text: String) -> Message {
        let frame = bytes(text)
        return Message.read(frame.span)
    }

    private func text(_ frame: [UInt8], _ range: Range<Int>?) -> String {
        range.map { String(decoding: frame[$0], as: UTF8.self) } ?? "nil"
    }
}
