import Testing

@testable import RepriseRedaction

@Suite struct ArgumentTests {
    @Test(
        "S-179: command lines lose their secrets",
        arguments: [
            (
                ["server", "--token", "grey-goose", "--port", "80"],
                ["server", "--token", "reprise-secret-1", "--port", "80"]
            ),
            (["--api-key=grey-goose"], ["--api-key=reprise-secret-1"]),
            (["-password", "goose"], ["-password", "reprise-secret-1"]),
            (["--token", "--verbose"], ["--token", "--verbose"]), (["--token"], ["--token"]),
            (
                ["env", "GITHUB_TOKEN=grey-goose", "HOME=/home/ada"],
                ["env", "GITHUB_TOKEN=reprise-secret-1", "HOME=/home/ada"]
            ),
            (["docker", "-e", "MODE=grey-goose"], ["docker", "-e", "MODE=reprise-secret-1"]),
            (
                ["curl", "-u", "ada:goose", "-H", "Authorization: Bearer abc12345"],
                ["curl", "-u", "ada:reprise-secret-1", "-H", "Authorization: Bearer reprise-secret-2"]
            ),
            (["postgres://ada:grey-goose@db/main?sslmode=on"], ["postgres://ada:reprise-secret-1@db/main?sslmode=on"]),
            (["https://h/mcp?api_key=grey-goose&v=1"], ["https://h/mcp?api_key=reprise-secret-1&v=1"]),
            (["--config", #"{"password":"grey\/goose"}"#], ["--config", #"{"password":"reprise-secret-1"}"#]),
            (["--secret", "grey-goose", "x-grey-goose-y"], ["--secret", "reprise-secret-1", "x-reprise-secret-1-y"]),
            (["a grey-goose", "--secret", "grey-goose"], ["a reprise-secret-1", "--secret", "reprise-secret-1"]),
            (
                ["--max-tokens", "4096", "--progress-token=abc-1234"],
                ["--max-tokens", "4096", "--progress-token=abc-1234"]
            ),
            (
                ["python3", "-m", "mcp_server_git", "--repository", "."],
                ["python3", "-m", "mcp_server_git", "--repository", "."]
            ),
            ([], []), ([""], [""]),
        ])
    func commandLines(_ arguments: [String], _ expected: [String]) throws {
        var redactor = try Redactor.standard()
        #expect(redactor.redact(argument: arguments) == expected)
    }

    @Test(
        "S-179: URLs lose passwords and secret query values",
        arguments: [
            ("https://ada:goose@h/a", "https://ada:reprise-secret-1@h/a"),
            (
                "https://h/a?x=1&access_token=abc&key=abcdef#t",
                "https://h/a?x=1&access_token=reprise-secret-1&key=reprise-secret-2#t"
            ),
            ("https://h/cb#access_token=abc", "https://h/cb#access_token=reprise-secret-1"),
            ("https://h/a?page=2&cursor=abcdefgh&maxTokens=5", "https://h/a?page=2&cursor=abcdefgh&maxTokens=5"),
            ("not a url", "not a url"), ("", ""),
        ])
    func urls(_ url: String, _ expected: String) throws {
        var redactor = try Redactor.standard()
        #expect(redactor.redact(url: url) == expected)
    }
}
