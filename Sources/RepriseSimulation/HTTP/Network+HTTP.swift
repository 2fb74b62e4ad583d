import MCPCore

/// Servers that speak HTTP in a network.
extension Network {
    /// Puts a server that speaks HTTP under a name, which can be used once; it is reached at ``origin(of:)``.
    ///
    /// The faults of the network hold for it too, counted by themselves.
    public func add(_ service: any HTTPService, named name: String, link: Link = Link()) {
        precondition(entry(named: name) == nil, "two servers are named \(name)")
        http.world.add(service, named: name, link: link)
    }

    /// The origin of a server of that name: `http://NAME.sim`, in lower case.
    public func origin(of name: String) -> String { HTTPTraffic.scheme + "://" + HTTPTraffic.authority(of: name) }

    /// What the client of that number, from 0, sends requests by; an origin that nobody has is `misconfigured`.
    public func httpSender(client: Int) -> any HTTPSender { SimulatedHTTPSender(http, client: client) }
}
