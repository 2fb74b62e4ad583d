import MCPWire
import RepriseRecording

/// One recording of a comparison.
struct DiffSide {
    /// What makes two messages of one direction equal.
    struct Key: Hashable {
        var name: String
        var params: JSONKey?
        /// The bytes of what is no request or notification.
        var bytes: [UInt8]
    }

    let transport: String
    let log: MessageLog
    let http: HTTPLog
    /// The server's origin, which is no difference in what servers say of themselves.
    let origin: String?
    /// The stream that each exchange's events belong to: its own number, or that of the exchange that it resumes.
    private let streams: [Int: Int]

    init(_ recording: Recording) {
        transport = recording.header.transport
        http = HTTPLog(recording)
        log = MessageLog(transport == "http" ? Self.withEqualPlaceholders(recording, http) : recording)
        var streams: [Int: Int] = [:]
        let resumed = http.resumedStreams
        for exchange in http.exchanges {
            streams[exchange.number] = resumed[exchange.number].map { streams[$0] ?? $0 } ?? exchange.number
        }
        self.streams = streams
        if case .url(let url) = recording.header.target, let scheme = url.firstRange(of: "://") {
            let end = url[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" }
            origin = String(url[..<(end ?? url.endIndex)])
        } else {
            origin = nil
        }
    }

    var isHTTP: Bool { transport == "http" }

    func event(of message: Int) -> Int { log.frames[log.messages[message].frame].event }

    func exchange(of message: Int) -> HTTPLog.Exchange? {
        guard let number = log.frames[log.messages[message].frame].exchange else { return nil }
        return http.index[number].map { http.exchanges[$0] }
    }

    func session(of message: Int) -> Int? { log.frames[log.messages[message].frame].session }

    /// The stream that carried a message: the number of an exchange, 0 on stdio.
    func stream(of message: Int) -> Int {
        log.frames[log.messages[message].frame].exchange.map { streams[$0] ?? $0 } ?? 0
    }

    var sessionCount: Int { http.exchanges.compactMap(\.session).max() ?? 0 }

    func messages(_ direction: Direction) -> [Int] {
        log.messages.indices.filter { log.direction(of: $0) == direction }
    }

    /// Of some messages everything but answers to known requests.
    func calls(_ direction: Direction, of messages: [Int]) -> [Int] {
        messages.filter { log.direction(of: $0) == direction && log.messages[$0].request == nil }
    }

    func key(of index: Int) -> Key {
        let message = log.messages[index].message
        let params = try? JSONDocument(log.bytes(message.params, of: index))
        let isMessage = message.method != nil
        return Key(
            name: log.name(of: index),
            params: params.map { JSONKey($0, mask: VariableRules.strictMask(method: message.method ?? "")) },
            bytes: isMessage ? [] : log.bytes(message.range, of: index))
    }

    /// The recording with one text for every placeholder in its messages.
    ///
    /// Numbers are given in the order in which secrets come, and over HTTP that differs between equal sessions. Addresses
    /// of `endpoint` events stay, as they tell sessions apart.
    private static func withEqualPlaceholders(_ recording: Recording, _ http: HTTPLog) -> Recording {
        let items = http.exchanges.flatMap(\.items)
        let endpoints = Set(items.filter { $0.sse?.event?.type == "endpoint" }.map(\.event))
        var result = recording
        for (index, event) in recording.events.enumerated() where !endpoints.contains(index + 1) {
            guard var frame = event.frame, case .bytes(let bytes) = frame.payload, !frame.placeholders.isEmpty else {
                continue
            }
            frame.payload = .bytes(withEqualPlaceholders(bytes, frame.placeholders))
            frame.placeholders = []
            result.events[index].frame = frame
        }
        return result
    }

    static func withEqualPlaceholders(_ bytes: [UInt8], _ placeholders: [Range<Int>]) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        for place in placeholders where place.lowerBound >= position && place.upperBound <= bytes.count {
            result += bytes[position..<place.lowerBound] + Array("reprise-secret".utf8)
            position = place.upperBound
        }
        return result + bytes[position...]
    }
}
