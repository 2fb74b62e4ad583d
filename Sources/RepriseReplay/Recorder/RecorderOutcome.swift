import RepriseRecording

/// What an input to a recorder led to.
public enum RecorderOutcome: Equatable, Sendable {
    /// Facts to write, in order; often none, as a chunk need not complete a frame.
    case events([Event])
    /// A contradiction in the recorder itself: the shell says so, stops recording and keeps forwarding.
    case bug(String)
}
