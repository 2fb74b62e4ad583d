import RepriseRecording

/// Foundation has another one.
typealias Pipe = RepriseRecording.Pipe

extension Recording {
    /// Every byte of a pipe, as the recording gives it back; payloads that redaction left out are missing.
    func bytes(_ pipe: Pipe) -> [UInt8] {
        frames(pipe).reduce(into: []) { $0 += $1.wireBytes ?? [] }
    }

    /// The frames of a pipe in their order.
    func frames(_ pipe: Pipe) -> [Frame] {
        events.compactMap { event in
            switch event.kind {
            case .line(let frame): event.direction == pipe.direction ? frame : nil
            case .stderr(let frame): pipe == .stderr ? frame : nil
            default: nil
            }
        }
    }

    /// How many bytes of the pipe had been read at the end of each read, from the cuts.
    func readEnds(_ pipe: Pipe) -> [Int] {
        var ends: [Int] = []
        var position = 0
        for frame in frames(pipe) {
            if let cuts = frame.cuts {
                ends += cuts.map { position + $0.offset }
            } else {
                ends.append(position + frame.wireByteCount)
            }
            position += frame.wireByteCount
        }
        return ends
    }

    /// The kinds of the events in their order, such as `open`, `line c2s`, `end stdin`, `close exit 0`.
    var outline: [String] {
        events.map { event in
            switch event.kind {
            case .line: "line \(event.direction?.rawValue ?? "?")"
            case .end(let pipe): "end \(pipe?.rawValue ?? "")"
            case .close(.exit(let code)): "close exit \(code)"
            case .close(.signal(let signal)): "close signal \(signal)"
            default: event.kind.name
            }
        }
    }

    /// The remarks of the recorder.
    var notes: [String] {
        events.compactMap { if case .note(let text) = $0.kind { text } else { nil } }
    }
}
