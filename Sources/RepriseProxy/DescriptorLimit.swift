#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Allows this process as many descriptors as the system lets it: every stream of a proxy takes two.
func raiseDescriptorLimit() {
    #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        let most = rlim_t.max
    #else
        let resource = RLIMIT_NOFILE
        let most = rlim_t(OPEN_MAX)
    #endif
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = min(limit.rlim_max, most)
    setrlimit(resource, &limit)
}
