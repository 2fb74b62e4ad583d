import Foundation
import Synchronization

/// Keeps the beginning and the end of what a client writes, however much it is; reads on threads of its own.
final class ClientOutput: Sendable {
    /// So many bytes are kept of the beginning, and as many of the end.
    static let partByteCountMax = 32 << 10

    private struct State {
        var beginning: [UInt8] = []
        var end: [UInt8] = []
        var byteCount = 0
        var openCount = 0
    }

    private let state = Mutex(State())

    /// Reads each descriptor to its end, and closes it.
    init(reading descriptors: [Int32]) {
        state.withLock { $0.openCount = descriptors.count }
        for descriptor in descriptors { Thread.detachNewThread { [self] in read(descriptor) } }
    }

    private func read(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            keep(buffer[..<count])
        }
        close(descriptor)
        state.withLock { $0.openCount -= 1 }
    }

    private func keep(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.byteCount += bytes.count
            let room = max(0, Self.partByteCountMax - state.beginning.count)
            state.beginning += bytes.prefix(room)
            state.end += bytes.dropFirst(room).suffix(Self.partByteCountMax)
            if state.end.count > Self.partByteCountMax {
                state.end.removeFirst(state.end.count - Self.partByteCountMax)
            }
        }
    }

    /// What was written so far, with a line in the place of what was left out.
    var text: String {
        state.withLock { state in
            let left = state.byteCount - state.beginning.count - state.end.count
            let gap = left > 0 ? "\n… \(left) bytes left out …\n" : ""
            return String(decoding: state.beginning, as: UTF8.self) + gap
                + String(decoding: state.end, as: UTF8.self)
        }
    }

    /// Whether the client, and whoever it gave its output to, has closed it.
    var isOver: Bool { state.withLock { $0.openCount == 0 } }
}
