/// Small scenarios written by hand: one server that is switched off, and what is expected of it.
enum SampleScenario {
    /// A scenario that holds, unless another state than `disabled` is expected.
    static func text(name: String = "rs-90", seeds: String = "1...3", state: String = "disabled") -> String {
        """
        scenario: \(name)
        title: A server that is switched off stays so
        proves: [S-035]
        seeds: \(seeds)
        until: 1h
        servers:
          files: {load: disabled}
        expect:
          states:
            files: [{at: 0s, state: \(state)}]

        """
    }
}
