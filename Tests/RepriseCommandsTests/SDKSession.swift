import Foundation
import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

/// The messages of a recorded session, with questions about what it contains.
struct SDKSession: CustomTestStringConvertible {
    let log: MessageLog
    private let client: [Int]
    private let server: [Int]

    init(_ recording: Recording) {
        let log = MessageLog(recording)
        self.log = log
        client = log.messages.indices.filter { log.direction(of: $0) == .clientToServer }
        server = log.messages.indices.filter { log.direction(of: $0) == .serverToClient }
    }

    /// Short, since a failed expectation shows it.
    var testDescription: String { "a session of \(log.messages.count) messages" }

    private func side(_ direction: Direction) -> [Int] { direction == .clientToServer ? client : server }

    private func document(_ range: Range<Int>?, of message: Int) -> JSONDocument? {
        try? JSONDocument(log.bytes(range, of: message))
    }

    /// The decoded text of every string in what a message carries, keys included.
    private func strings(in message: Int) -> [String] {
        let body = log.messages[message].message
        guard let document = document(body.params ?? body.result ?? body.error, of: message) else { return [] }
        return document.strings
    }

    // MARK: What there is

    /// The requests and notifications of one side with a method, as indexes of messages.
    func calls(_ direction: Direction, _ method: String) -> [Int] {
        side(direction).filter { log.messages[$0].message.method == method }
    }

    /// The requests of one side that were answered.
    func answered(_ direction: Direction, _ method: String) -> Int {
        calls(direction, method).count { log.messages[$0].answer != nil }
    }

    /// The requests of one side, whatever their method.
    func requests(_ direction: Direction) -> [Int] {
        side(direction).filter { log.messages[$0].message.kind == .request }
    }

    /// How many requests of lists bring the cursor of an earlier page.
    func pages(of method: String) -> Int {
        calls(.clientToServer, method).count { call in
            document(log.messages[call].message.params, of: call)?.member("cursor", of: 0) != nil
        }
    }

    /// How many requests of the client were answered before one that was sent earlier.
    var answersOutOfOrder: Int {
        let answers = requests(.clientToServer).compactMap { log.messages[$0].answer }
        return zip(answers, answers.dropFirst()).count { $0 > $1 }
    }

    /// The codes of the errors that one side answered with.
    func errorCodes(of direction: Direction) -> Set<String> {
        Set(
            side(direction).compactMap { answer in
                guard let error = document(log.messages[answer].message.error, of: answer),
                    let code = error.member("code", of: 0)
                else { return nil }
                return String(decoding: error.raw(at: code), as: UTF8.self)
            })
    }

    /// How many results of tools say that they are errors.
    var failedToolCalls: Int {
        server.count { answer in
            guard let result = document(log.messages[answer].message.result, of: answer),
                let isError = result.member("isError", of: 0)
            else { return false }
            return result.nodes[isError].kind == .true
        }
    }

    /// The bytes of the largest result.
    var largestResult: Int { server.compactMap { log.messages[$0].message.result?.count }.max() ?? 0 }

    /// Whether both sides sent a text, in whatever escapes.
    func bothSidesSent(_ text: String) -> Bool {
        [client, server].allSatisfy { side in
            side.contains { message in strings(in: message).contains { $0.contains(text) } }
        }
    }

    /// How many placeholders of secrets stand in the session.
    var placeholderCount: Int { log.frames.reduce(0) { $0 + $1.placeholders.count } }

    /// Every string that the client was sent in a result, an error or a notification, as the client shows it.
    ///
    /// Not what its SDK keeps to itself, and not what came back of a secret that the client had sent: the replay gives
    /// it the real one.
    var stringsForTheClient: Set<String> {
        let secrets = client.filter { !log.frames[log.messages[$0].frame].placeholders.isEmpty }.flatMap(strings)
        return Set(server.flatMap(strings)).subtracting(secrets).subtracting(["_meta", "progressToken"])
    }
}

extension JSONDocument {
    /// The decoded text of every string, keys included.
    var strings: [String] { nodes.indices.filter { nodes[$0].kind == .string }.map { text(at: $0) } }
}
