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

    /// Sends a request and reads the whole response.
    func send(_ head: HTTPRequest, body: [UInt8] = []) async -> Result<Response, Failure> {
        await withTaskGroup(of: Result<Response, Failure>.self) { group in
            group.addTask { await receive(head, body) }
            group.addTask {
                let deadline = time.now.advanced(by: policy.requestTimeout)
                guard (try? await time.sleep(until: deadline)) != nil else { return .failure(.cancelled) }
                return .failure(.passing("no response within \(policy.requestTimeout.secondsText) s"))
            }
            let first = await group.next() ?? .failure(.cancelled)
            group.cancelAll()
            return first
        }
    }

    private func receive(_ head: HTTPRequest, _ body: [UInt8]) async -> Result<Response, Failure> {
        do throws(HTTPFailure) {
            let reply = try await sender.send(head, body: body)
            let fields = reply.head.headerFields
            do throws(TransportFailure) {
                let bytes = try await reply.collect(limit: policy.bodyByteCountMax)
                return .success(
                    Response(
                        status: reply.head.status.code, location: fields[.location],
                        retryAfter: fields[.retryAfter], body: bytes))
            } catch {
                return .failure(Self.failure(error))
            }
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
