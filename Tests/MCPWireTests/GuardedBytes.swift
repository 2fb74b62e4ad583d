import Foundation

/// Bytes between two pages that must not be touched, so that reading past either end stops the process.
struct GuardedBytes: ~Copyable {
    private let region: UnsafeMutableRawPointer
    private let regionByteCount: Int
    /// The bytes, ending right before the page behind them.
    let atEnd: UnsafeBufferPointer<UInt8>
    /// The same bytes, beginning right behind the page before them.
    let atStart: UnsafeBufferPointer<UInt8>

    init(_ bytes: [UInt8]) throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let space = (2 * bytes.count + page - 1) / page * page + page
        let byteCount = space + 2 * page
        guard let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
            mapped != MAP_FAILED
        else { throw CocoaError(.fileReadUnknown) }
        let first = (mapped + page).assumingMemoryBound(to: UInt8.self)
        let last = first + space - bytes.count
        for (place, byte) in bytes.enumerated() {
            first[place] = byte
            last[place] = byte
        }
        guard mprotect(mapped, page, PROT_NONE) == 0, mprotect(mapped + page + space, page, PROT_NONE) == 0
        else { throw CocoaError(.fileReadUnknown) }
        region = mapped
        regionByteCount = byteCount
        atStart = UnsafeBufferPointer(start: first, count: bytes.count)
        atEnd = UnsafeBufferPointer(start: last, count: bytes.count)
    }

    deinit {
        munmap(region, regionByteCount)
    }
}
