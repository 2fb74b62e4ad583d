import MCPWire
import RepriseRecording

/// A recorded frame of the client with the places where values of the live server must stand.
struct OutgoingTemplate: Sendable {
    private enum Source {
        /// The live id of a request of the server: its index in the log.
        case requestID(Int)
        /// The progress token of a request of the server.
        case progressToken(MessageID)
        case minted([UInt8])
        case secret(placeholder: [UInt8], escapeCount: Int)
    }

    private let bytes: [UInt8]
    private var places: [(range: Range<Int>, source: Source)] = []

    /// The template of frame `index`; `minted` is what is known when it is to be sent.
    init(frame index: Int, of log: MessageLog, minted: MintedValues) {
        let frame = log.frames[index]
        bytes = frame.bytes
        for message in frame.messages {
            let logged = log.messages[message]
            if let request = logged.request, let range = logged.message.idRange {
                places.append((range, .requestID(request)))
            }
            guard let part = logged.message.params, let params = try? JSONDocument(Array(bytes[part])) else { continue }
            for (range, value) in minted.replacements(in: params) {
                places.append((range.lowerBound + part.lowerBound..<range.upperBound + part.lowerBound, .minted(value)))
            }
            if logged.message.method == "notifications/progress",
                let node = VariableRules.progressTokenOfNotification.node(in: params)
            {
                let range = params.nodes[node].range
                let token = MessageID(text: Array(params.raw(at: node)))
                places.append(
                    (range.lowerBound + part.lowerBound..<range.upperBound + part.lowerBound, .progressToken(token)))
            }
        }
        let document = frame.placeholders.isEmpty ? nil : try? JSONDocument(bytes)
        for range in frame.placeholders where range.upperBound <= bytes.count {
            let escapeCount = document.map { FrameTemplate.nesting(of: range, in: $0) } ?? 0
            places.append((range, .secret(placeholder: Array(bytes[range]), escapeCount: escapeCount)))
        }
        places.sort { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// The frame as the live server must see it; nil if it answers a request that this server has not made.
    ///
    /// A placeholder that the server did not mint is sent as it is, and from then on stands for itself.
    func filled(
        requestID: (Int) -> MessageID?, progressToken: (MessageID) -> [UInt8]?, secrets: inout SecretBindings
    ) -> [UInt8]? {
        var output: [UInt8] = []
        var position = 0
        for (range, source) in places where range.lowerBound >= position {
            output += bytes[position..<range.lowerBound]
            position = range.upperBound
            switch source {
            case .requestID(let request):
                guard let id = requestID(request) else { return nil }
                output += id.text
            case .progressToken(let token):
                output += progressToken(token) ?? Array(bytes[range])
            case .minted(let value):
                output += value
            case .secret(let placeholder, let escapeCount):
                if let value = secrets.value(of: placeholder) {
                    output += value.escaped(escapeCount)
                } else {
                    _ = secrets.bind(placeholder, to: placeholder)
                    output += bytes[range]
                }
            }
        }
        return output + bytes[position...]
    }
}

extension [UInt8] {
    /// The bytes as they stand in a JSON string that is nested in `count` strings.
    fileprivate func escaped(_ count: Int) -> [UInt8] {
        var value = self
        for _ in 0..<count {
            var escaped: [UInt8] = []
            JSONString.encode(value.span, into: &escaped)
            value = Array(escaped.dropFirst().dropLast())
        }
        return value
    }
}
