#if canImport(Glibc)
    import CProcess
#endif
import Foundation

/// Both ends of a pipe that no child inherits by accident.
package struct PipePair {
    package let reading: Int32
    package let writing: Int32

    package init() throws {
        var ends: [Int32] = [0, 0]
        guard Self.makePipe(&ends) == 0 else { throw HarnessError("no pipe: errno \(errno)") }
        (reading, writing) = (ends[0], ends[1])
    }

    private static func makePipe(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
        #if canImport(Glibc)
            // Tests run side by side and start processes: only pipe2 leaves no moment in which another test's child
            // could inherit an end and keep it open.
            return pipe2(ends, O_CLOEXEC)
        #else
            guard pipe(ends) == 0 else { return -1 }
            _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
            _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
            return 0
        #endif
    }
}
