import MCPWire
import RepriseRecording
import RepriseReplay

/// The sessions of a recording as recordings of lines, which need no HTTP to be replayed.
enum MessageSessions {
    /// The recording itself if it is of stdio, or one for each session of an HTTP recording, in their order.
    ///
    /// Events keep their numbers, so that what a replay reports names the places in the recording itself.
    static func of(_ recording: Recording) throws(ReplayError) -> [Recording] {
        switch recording.header.transport {
        case "stdio": return [recording]
        case "http": break
        case let transport: throw .transport(transport)
        }
        let refused = Set(
            HTTPLog(recording).exchanges.lazy.filter { !(200..<300).contains($0.response?.status ?? 200) }.map(\.number)
        )
        let frames = MessageLog(recording).frames.filter { frame in
            frame.exchange.map { !refused.contains($0) } ?? true
        }
        let numbers = Set(frames.compactMap(\.session)).sorted()
        guard !frames.isEmpty else { throw .nothingToReplay }
        guard !numbers.isEmpty else { return [lines(of: frames, in: recording)] }
        // What belongs to no session is part of each.
        return numbers.map { number in
            lines(of: frames.filter { $0.session == number || $0.session == nil }, in: recording)
        }
    }

    private static func lines(of frames: [MessageLog.LoggedFrame], in recording: Recording) -> Recording {
        var session = recording
        session.header.transport = "stdio"
        for index in session.events.indices {
            if case .unknown = session.events[index].kind { continue }
            session.events[index] = Event(time: session.events[index].time, kind: .note(""))
        }
        for frame in frames {
            // Line feeds within a message stand between its tokens, where a space is as good.
            let payload: Frame.Payload =
                frame.omitted.map { .omitted(byteCount: $0.byteCount, sha256: $0.sha256) }
                ?? .bytes(frame.bytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
            session.events[frame.event - 1] = Event(
                time: frame.time, connection: 1, direction: frame.direction,
                kind: .line(Frame(payload: payload, placeholders: frame.placeholders)))
        }
        return session
    }
}
