import MCPWire
import RepriseRecording
import RepriseReplay

/// Whom a listener of ours serves: without it any web page could reach a local server through us (DNS rebinding).
struct AccessPolicy: Sendable {
    /// Whether only requests for this machine's loopback names are served; false once `--listen` names another host.
    let servesLoopbackAlone: Bool

    /// Why a request is refused, with the status to say so; nil for one that may pass.
    func refusal(of head: RequestHead) -> (status: Int, reason: String)? {
        let hosts = head.fields.values(of: "host")
        guard hosts.count <= 1 else { return (400, "two Host fields") }
        if let host = hosts.first {
            guard let origin = Origin(scheme: "http", authority: host) else { return (400, "a Host that is none") }
            if servesLoopbackAlone, !origin.isLoopback {
                return (403, "the Host \(host.prefix(200)) is not this machine's loopback interface")
            }
        }
        for value in head.fields.values(of: "origin") {
            let origin = Origin(url: value)
            let isOwn = origin != nil && origin == hosts.first.flatMap { Origin(scheme: "http", authority: $0) }
            guard origin?.isLoopback == true || isOwn && !servesLoopbackAlone else {
                return (403, "the Origin \(value.prefix(200)) is not on this machine's loopback interface")
            }
        }
        return nil
    }
}
