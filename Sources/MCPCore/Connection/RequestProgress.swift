import MCPWire

/// How far a server has come with a request (`notifications/progress`).
public struct RequestProgress: Sendable, Equatable {
    /// Rises with each that is told of a request.
    public var progress: Double
    /// What it will be at the end; nil if the server does not know.
    public var total: Double?
    /// What the server says about it; nil if nothing.
    public var message: String?

    /// Makes a progress.
    public init(progress: Double, total: Double? = nil, message: String? = nil) {
        self.progress = progress
        self.total = total
        self.message = message
    }

    /// Reads the parameters of a notification; nil when `progress` is no number.
    init?(params: JSONValue) {
        guard let progress = params["progress"]?.double else { return nil }
        self.init(progress: progress, total: params["total"]?.double, message: params["message"]?.text)
    }
}

extension JSONValue {
    /// The value of a number; nil for any other value.
    fileprivate var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }
}
