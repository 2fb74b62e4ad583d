import HTTPTypes
import MCPWire

/// Sends requests to authorization servers, each within the policy's time and size.
struct AuthorizationExchange: Sendable {
    let sender: any HTTPSender
    let time: any TimeSource
    let policy: AuthorizationPolicy

    /// A whole response.
    struct Response: Sendable {
        var status: Int
        var location: String?
        var retryAfter: String?
        var body: [UInt8]
    }

    /// Why there is none.
    enum Failure: Error {
        /// It may be otherwise the next time.
        case passing(String)
        /// It will be the same the next time.
        case lasting(String)
        case cancelled
    }

    /// What ends the wait for a response.
    private enum End: Sendable {
        case result(Result<Response, Failure>)
        case timeUp
        case cancelled
    }

    /// Sends a request and reads the whole response.
    ///
    /// The response to a request that `isKept` still counts when it comes within the policy's `grace` after the task was
    /// cancelled. Its time is up so much earlier, so that all takes `requestTimeout` at most.
    func send(_ head: HTTPRequest, body: [UInt8] = [], isKept: Bool = false) async -> Result<Response, Failure> {
        let grace = isKept ? min(policy.grace, policy.requestTimeout) : .zero
        return await withTaskGroup(of: End.self) { group in
            group.addTask { .result(await receive(head, body, grace)) }
            group.addTask {
                let deadline = time.now.advanced(by: policy.requestTimeout - grace)
                return (try? await time.sleep(until: deadline)) == nil ? .cancelled : .timeUp
            }
            var failure = Failure.cancelled
            while let end = await group.next() {
                switch end {
                case .result(.success(let response)):
                    group.cancelAll()
                    return .success(response)
                case .result(.failure(let other)):
                    // What ends because it was cancelled says nothing of its own.
                    let isOwn = !group.isCancelled && !Task.isCancelled
                    group.cancelAll()
                    return .failure(isOwn ? other : failure)
                case .timeUp:
                    failure = .passing("no response within \(policy.requestTimeout.secondsText) s")
                    group.cancelAll()
                case .cancelled: break
                }
            }
            return .failure(failure)
        }
    }

    private func receive(
        _ head: HTTPRequest, _ body: [UInt8], _ grace: Duration
    ) async -> Result<Response, Failure> {
        do throws(HTTPFailure) {
            let document = try await sender.complete(head, body: body, limit: policy.bodyByteCountMax, grace: grace)
            let fields = document.head.headerFields
            return .success(
                Response(
                    status: document.head.status.code, location: fields[.location], retryAfter: fields[.retryAfter],
                    body: document.body))
        } catch {
            return .failure(Self.failure(error.cause))
        }
    }

    private static func failure(_ cause: TransportFailure) -> Failure {
        switch cause {
        case .protocolBroken(let text), .misconfigured(let text): .lasting(text)
        case .refused: .passing("the connection was refused")
        case .reset: .passing("the connection was reset")
        default: .passing("the connection was closed")
        }
    }
}

extension AuthorizationExchange.Failure {
    /// What is said of it, about a URL, at a step of signing in.
    func error(_ stage: AuthorizationError.Stage, at url: HTTPURL) -> AuthorizationError {
        switch self {
        case .passing(let text), .lasting(let text): AuthorizationError(stage, "\(url.plain): \(text)")
        case .cancelled: AuthorizationError(.cancelled, "the task was cancelled")
        }
    }
}

extension TokenReply {
    /// What a response to a token request says, or its absence.
    init(_ result: Result<AuthorizationExchange.Response, AuthorizationExchange.Failure>) {
        switch result {
        case .success(let response):
            self.init(status: response.status, retryAfter: response.retryAfter, body: response.body)
        case .failure(.passing(let text)): self = .failed(text, retryAfter: nil)
        case .failure(.lasting(let text)): self = .refused(text)
        case .failure(.cancelled): self = .failed("the task was cancelled", retryAfter: nil)
        }
    }
}
