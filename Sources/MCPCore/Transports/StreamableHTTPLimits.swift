/// The limits of one connection over Streamable HTTP; passing one is an error that names it.
public struct StreamableHTTPLimits: Sendable, Equatable {
    /// The most bytes of one server-sent event, its blank line included.
    public var eventByteCountMax = 16 << 20
    /// The most bytes of a body that is one JSON text.
    public var bodyByteCountMax = 16 << 20
    /// The most bytes of a session id, and of an event id that is sent back in `Last-Event-ID`.
    public var idByteCountMax = 4096
    /// How many requests may be under way at a time, and besides them how many notifications and answers.
    public var exchangeCountMax = 128
    /// How many messages may wait for one of those to end; sending one more throws `protocolBroken`.
    public var waitingCountMax = 10_000
    /// Bodies are read no further while so many events, or so many bytes in them, wait to be taken.
    public var undeliveredCountMax = 256
    /// See ``undeliveredCountMax``.
    public var undeliveredByteCountMax = 16 << 20
    /// How long closing waits for the server to answer `DELETE`, and an exchange may go on that has given its answer.
    public var closingTime = Duration.seconds(5)
    /// The shortest wait before a stream is resumed whose last exchange brought no message, whatever `retry` says.
    public var pollingDelayMin = Duration.milliseconds(100)

    /// The defaults.
    public init() {}
}
