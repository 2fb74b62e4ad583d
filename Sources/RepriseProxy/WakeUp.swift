#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Lets one thread sleep until another has work for it; costs nothing but a lock while it is awake anyway.
final class WakeUp: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var hasWork = false
    private var isAsleep = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Says that there is work, and wakes the sleeper if it sleeps.
    func call() {
        pthread_mutex_lock(mutex)
        hasWork = true
        let isAsleep = isAsleep
        pthread_mutex_unlock(mutex)
        if isAsleep { pthread_cond_signal(condition) }
    }

    /// Sleeps until there is work that was not waited for before.
    func wait() {
        pthread_mutex_lock(mutex)
        while !hasWork {
            isAsleep = true
            pthread_cond_wait(condition, mutex)
            isAsleep = false
        }
        hasWork = false
        pthread_mutex_unlock(mutex)
    }
}
