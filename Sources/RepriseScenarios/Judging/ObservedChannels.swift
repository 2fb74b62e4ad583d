/// Observations by channel, in the order in which they happened.
struct ObservedChannels {
    let observations: [Observation]
    /// In the order of their first observation.
    private(set) var channels: [Channel] = []
    /// For each of the channels, which observations are its own.
    private(set) var indices: [[Int]] = []
    private(set) var numbers: [Channel: Int] = [:]
    /// As many as the scenario has, or as were seen.
    private(set) var clientCount: Int

    init(_ observations: [Observation], clientCount: Int) {
        self.observations = observations
        self.clientCount = clientCount
        for index in observations.indices {
            let channel = observations[index].channel
            if let number = numbers[channel] {
                indices[number].append(index)
            } else {
                numbers[channel] = channels.count
                channels.append(channel)
                indices.append([index])
            }
            self.clientCount = max(self.clientCount, observations[index].client + 1)
        }
    }

    /// The channel, or every channel of its kind and name if it has no detail.
    func numbers(like channel: Channel) -> [Int] {
        guard channel.kind.hasDetail, channel.detail.isEmpty else { return numbers[channel].map { [$0] } ?? [] }
        return channels.indices.filter { channels[$0].kind == channel.kind && channels[$0].name == channel.name }
    }

    /// A channel's observations by client: those of client `n` are `order[starts[n]..<starts[n + 1]]`.
    func byClient(_ channel: Channel) -> (order: [Int], starts: [Int]) {
        let indices = numbers[channel].map { self.indices[$0] } ?? []
        var starts = [Int](repeating: 0, count: clientCount + 1)
        for index in indices { starts[observations[index].client + 1] += 1 }
        for client in 0..<clientCount { starts[client + 1] += starts[client] }
        var next = starts
        var order = [Int](repeating: 0, count: indices.count)
        for index in indices {
            let client = observations[index].client
            order[next[client]] = index
            next[client] += 1
        }
        return (order, starts)
    }
}
