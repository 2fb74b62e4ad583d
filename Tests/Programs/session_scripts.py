"""The sessions that everything_client.py can run. Every request follows from the script and the server's answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from client_session import Client, outcome
from sdk_version import IS_V1, types

Script = Callable[[Client], Awaitable[None]]


async def basic(client: Client) -> None:
    """Lists, reads, prompts, completion, plain and structured results, and what the server's process shows."""
    session = client.session
    await client.perform("ping", {}, session.send_ping)
    await client.list_tools()
    await client.list_all("resources/list", "resources", session.list_resources)
    await client.list_all("resources/templates/list", "resourceTemplates", session.list_resource_templates)
    await client.list_all("prompts/list", "prompts", session.list_prompts)
    await client.read("everything://notes/3")
    await client.read("everything://blob")
    await client.read("everything://echo/word")
    await client.prompt("greeting", {"name": "Ada", "style": "warmly"})
    await client.prompt("prompt-10")
    for reference in (
        types.PromptReference.model_validate({"type": "ref/prompt", "name": "greeting"}),
        types.ResourceTemplateReference.model_validate({"type": "ref/resource", "uri": "everything://echo/{word}"}),
    ):
        argument = {"name": "style", "value": "form"}
        operation = lambda ref=reference: session.complete(ref, argument)  # noqa: E731
        await client.perform("completion/complete", argument, operation)
    await client.tool("echo", {"text": "hello"})
    await client.tool("echo", {"text": "hello"})
    await client.tool("add", {"a": 2, "b": 40})
    await client.tool("add", {"a": 0.1, "b": 0.2})
    await client.tool("mirror", {"z": [1, 1.0, 1e22, None, True], "a": {"": {}, "nested": [[]]}, "empty": ""})
    await client.tool("weather", {"city": "Zürich"})
    await client.tool("contents")
    await client.tool("env", {"name": "EVERYTHING_GREETING"})
    await client.tool("stderr", {"text": "a line on standard error"})
    await client.tool("ping_back")


async def progress(client: Client) -> None:
    await client.list_tools()
    await client.tool("progress", {"steps": 5}, progress=True)
    await client.tool("progress", {"steps": 2})
    await client.tool("open_ended_progress", progress=True)
    await client.tool("progress", {"steps": 0}, progress=True, label="no steps")
    await client.tool("progress", {"steps": 100}, progress=True, label="many steps")


async def sampling(client: Client) -> None:
    await client.list_tools()
    await client.tool("sampling", {"prompt": "What is a reprise?"})
    await client.tool("sampling", {"prompt": "What is a reprise?"})
    await client.tool("sampling", {"prompt": "refuse"})
    await client.tool("sampling", {"prompt": "Encore 🎼"})


async def elicitation(client: Client) -> None:
    await client.list_tools()
    for message in ("Who are you?", "decline", "cancel"):
        await client.tool("elicit", {"message": message})


async def roots(client: Client) -> None:
    await client.list_tools()
    await client.tool("roots")
    client.callbacks.roots.append({"uri": "file:///projects/later"})
    count = client.transcript.arrived("notifications/message")
    await client.session.send_roots_list_changed()
    client.transcript.write("sent", method="notifications/roots/list_changed")
    await client.transcript.wait_for("notifications/message", count + 1)
    await client.tool("roots")


async def logging(client: Client) -> None:
    await client.list_tools()
    await client.tool("log")
    await client.set_level("error")
    await client.tool("log")
    await client.set_level("debug")


async def concurrent(client: Client) -> None:
    """Calls that end in another order than they began, and twelve at once whose order nothing fixes."""
    await client.list_tools()
    ended: dict[str, anyio.Event] = {}

    async def slow(key: str) -> None:
        await client.tool("slow", {"key": key}, progress=True, label=f"slow {key}", lane=f"slow {key}")
        ended[key].set()

    async with anyio.create_task_group() as group:
        for key in ("first", "second", "third"):
            ended[key] = anyio.Event()
            group.start_soon(slow, key)
            await client.wait_for_progress(f"slow {key}")
        await client.tool("sampling", {"prompt": "while three calls wait"})
        await client.tool("progress", {"steps": 3}, progress=True, label="meanwhile")
        for key in ("third", "first", "second"):
            # The two answers may come in either order: written down is first the call that was let go.
            release = await paired(client, key, ended[key])
            client.transcript.write("call", method="tools/call", params={"name": "release", "key": key}, **release)
    await burst(client)


async def paired(client: Client, key: str, ended: anyio.Event) -> dict[str, Any]:
    fields, _ = await outcome(lambda: client.start("release", {"key": key}, None))
    await ended.wait()
    return fields


async def burst(client: Client) -> None:
    """Written down by call, not by time. The requests leave in the order in which the tasks were started."""
    calls: list[tuple[str, dict[str, Any]]] = []
    for number in range(4):
        calls += [("echo", {"text": f"echo {number}"}), ("add", {"a": number, "b": 1}), ("progress", {"steps": number})]
    ends: list[dict[str, Any]] = [{} for _ in calls]
    reports: list[list[Any]] = [[] for _ in calls]

    async def one(index: int) -> None:
        async def report(progress: float, total: float | None, message: str | None) -> None:
            reports[index].append([progress, total, message])

        ends[index], _ = await outcome(lambda: client.start(*calls[index], report))

    async with anyio.create_task_group() as group:
        for index in range(len(calls)):
            group.start_soon(one, index)
    for (name, arguments), end, reported in zip(calls, ends, reports, strict=True):
        params = {"name": name, "arguments": arguments}
        client.transcript.write("call", method="tools/call", params=params, progress=reported, **end)


async def errors(client: Client) -> None:
    await client.list_tools()
    await client.tool("fail", {"text": "an error that is a result"})
    await client.tool("no_such_tool")
    await client.tool("add", {"a": "two", "b": 40})
    await client.tool("add", {"a": 2})
    await client.tool("protocol_error", {"code": -32050, "message": "an error with data"})
    await client.tool("protocol_error", {"code": 418, "message": "a positive code, ünd more"})
    await client.tool("raise")
    await client.read("everything://nowhere")
    await client.prompt("no-such-prompt")
    await client.prompt("greeting")
    params = types.PaginatedRequestParams(cursor="not a cursor")
    await client.perform("tools/list", {"cursor": "not a cursor"}, lambda: client.session.list_tools(params=params))
    await client.unsubscribe("everything://notes/1")
    await client.tool("echo", {"text": "the session goes on"})


async def unicode(client: Client) -> None:
    await client.list_tools()
    result = await client.tool("unicode")
    lines = result["content"][0]["text"].split("\n") if result else []
    for line in lines:
        await client.tool("echo", {"text": line})
    await client.tool("mirror", {"ключ": "значение", "🔑\u2028": ["\u0000", "\u001f\u007f", "\\u0041", "/", '"']})


async def big(client: Client) -> None:
    await client.list_tools()
    result = await client.tool("big", {"bytes": client.largest_text})
    if result:
        await client.tool("echo", {"text": result["content"][0]["text"][: 1 << 18]})
    # Just under, at and over what a pipe takes at once.
    for size in (65535, 65536, 65537):
        await client.tool("big", {"bytes": size})


async def cancellation(client: Client) -> None:
    """A call is cancelled by the notification alone and, with SDK 2.x, by cancelling the task that waits for it."""
    await client.list_tools()
    await cancelled_by_notification(client, "by notification")
    if not IS_V1:
        await cancelled_by_scope(client, "by scope")
    await client.tool("echo", {"text": "the session goes on"})


async def cancelled_by_notification(client: Client, key: str) -> None:
    ends: list[dict[str, Any]] = []
    scope = anyio.CancelScope()
    ended = anyio.Event()

    async def wait() -> None:
        with scope:
            fields, _ = await outcome(lambda: client.start("cancel_me", {"key": key}, client.progress(key)))
            ends.append(fields)
            ended.set()

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await client.wait_for_progress(key)
        # The SDK does not tell the id of a request, but the progress token is the same.
        await client.cancel(client.callbacks.progress_tokens[-1], "no longer needed")
        await client.tool("await_cancelled", {"key": key})
        # A server that answers at all has done so before it answered that. Over Streamable HTTP the SDK always answers,
        # but on another stream.
        if not client.has_one_stream:
            await ended.wait()
        end = ends[0] if ends else {"unanswered": True}
        client.transcript.write("call", method="tools/call", params={"name": "cancel_me", "key": key}, **end)
        scope.cancel()


async def cancelled_by_scope(client: Client, key: str) -> None:
    scope = anyio.CancelScope()
    done = anyio.Event()

    async def wait() -> None:
        with scope:
            await client.start("cancel_me", {"key": key}, client.progress(key))
        done.set()

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await client.wait_for_progress(key)
        scope.cancel()
        await done.wait()
        client.transcript.write("abandoned", params={"name": "cancel_me", "key": key}, cancelled=scope.cancelled_caught)
        await client.tool("await_cancelled", {"key": key})


async def list_changed(client: Client) -> None:
    await client.list_tools()
    await client.tool("added")
    await client.tool("list_changed")
    await client.transcript.wait_for("notifications/tools/list_changed", 1)
    await client.list_tools()
    await client.tool("added")
    await client.subscribe("everything://notes/1")
    await client.tool("touch", {"uri": "everything://notes/1"})
    await client.transcript.wait_for("notifications/resources/updated", 1)
    await client.read("everything://notes/1")


def secret_samples() -> dict[str, str]:
    """Shaped like secrets, and none. Put together here so that nothing that scans source files stumbles on them."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    alphabet = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    jwt = ".".join([part({"alg": "HS256"}), part({"sub": "ada", "iat": 1767225600, "exp": 1767229200}), alphabet[:27]])
    return {
        "aws": "AKIA" + "Q3EGXAMPLQ7ZKT2W",
        "github": "_".join(["ghp", alphabet]),
        "openai": "-".join(["sk", "proj", alphabet]),
        "slack": "-".join(["xoxb", "123456789012", alphabet[:24]]),
        "jwt": jwt,
        "bearer": "Authorization: Bearer " + alphabet[::-1],
        "url": "https://ada:" + "correct-horse-battery" + "@example.com/path?access_token=" + alphabet[4:28],
        "pem": "\n".join(["-----BEGIN PRIVATE KEY-----", alphabet * 2, "-----END PRIVATE KEY-----", ""]),
    }


async def secrets(client: Client) -> None:
    """Secrets that the client brings, some twice, in a JSON string and beside words that look like them."""
    await client.list_tools()
    samples = secret_samples()
    for name, secret in samples.items():
        await client.tool("mirror", {"name": name, "text": f"before {secret} after"})
    await client.tool("mirror", {"password": "hunter2-hunter2", "api_key": samples["openai"], "user": "ada"})
    await client.tool("echo", {"text": json.dumps({"config": {"token": samples["github"], "retries": 3}})})
    await client.tool("echo", {"text": samples["github"] + samples["github"]})
    await client.tool("mirror", {"reprise-secret-1": "reprise-secret-1", "progressToken": 1, "max_tokens": 100})


async def server_secrets(client: Client) -> None:
    """Secrets that only the server knows: in a redacted recording the client gets placeholders and sends them back."""
    await client.list_tools()
    issued = await client.tool("issue_token")
    if issued:
        await client.tool("use_token", {"token": issued["structuredContent"]["access_token"]})
    await client.tool("use_token", {"token": "not the token"})
    await client.tool("env", {"name": "EVERYTHING_API_KEY"})


async def resume(client: Client) -> None:
    """For Streamable HTTP with event streams: the server closes streams of calls, and the client returns to them."""
    await client.list_tools()
    await client.tool("answer_while_away", progress=True)
    await client.tool("answer_on_return", {"times": 2}, progress=True)
    await client.tool("echo", {"text": "the session goes on"})


async def resume_standalone(client: Client) -> None:
    """For Streamable HTTP: the same with the stream of the messages that belong to no call."""
    await client.list_tools()
    await client.tool("close_standalone_stream")
    await client.transcript.wait_for("notifications/resources/updated", 3)
    await client.tool("ping_back")


async def authorization(client: Client) -> None:
    """For protected_server.py: a token that the client knows to have expired, and one of which it learns by a 401."""
    await client.list_tools()
    await client.tool("echo", {"text": "logged in"})
    await client.tool("expire_tokens")
    client.expire_token()
    await client.tool("echo", {"text": "refreshed"})
    await client.tool("sampling", {"prompt": "Who goes there?"})
    await client.tool("expire_tokens")
    await client.tool("echo", {"text": "logged in again"})


async def full(client: Client) -> None:
    """Everything but the scripts after which nothing can follow and those for other servers or for HTTP alone."""
    for name, script in SCRIPTS.items():
        if script not in (full, brief, server_secrets, crash, time, git, resume, resume_standalone, authorization):
            client.transcript.write("script", name=name)
            await script(client)


async def brief(client: Client) -> None:
    """What a session is made of, without the scripts that are long or have nothing new on the wire."""
    for script in (basic, sampling, elicitation, roots, concurrent, errors, cancellation, list_changed):
        await script(client)


async def crash(client: Client) -> None:
    """The server's process ends in the middle of a call."""
    await client.list_tools()
    await client.tool("echo", {"text": "before"})
    await client.tool("crash", progress=True)


async def time(client: Client) -> None:
    """For mcp-server-time --local-timezone UTC. The answers hold the time of the run, the requests do not."""
    await client.list_tools()
    await client.tool("get_current_time", {"timezone": "UTC"})
    conversion = {"source_timezone": "UTC", "time": "12:30", "target_timezone": "Asia/Tokyo"}
    await client.tool("convert_time", conversion)
    await client.tool("get_current_time", {"timezone": "Nowhere/Land"})
    await client.tool("convert_time", {**conversion, "time": "noon"})
    await client.tool("no_such_tool")


async def git(client: Client) -> None:
    """For mcp-server-git --repository . in a repository that make_git_repository.py made (use --directory)."""
    await client.list_tools()
    here = {"repo_path": "."}
    await client.tool("git_status", here)
    await client.tool("git_log", {**here, "max_count": 10})
    await client.tool("git_branch", {**here, "branch_type": "all"})
    await client.tool("git_show", {**here, "revision": "HEAD"})
    await client.tool("git_diff", {**here, "target": "HEAD~1"})
    await client.tool("git_diff_unstaged", here)
    await client.tool("git_show", {**here, "revision": "no-such-revision"})
    await client.tool("no_such_tool")


SCRIPTS: dict[str, Script] = {
    function.__name__: function
    for function in (
        basic, progress, sampling, elicitation, roots, logging, concurrent, errors, unicode, big,
        cancellation, list_changed, secrets, server_secrets, full, crash, time, git, resume, resume_standalone,
        authorization, brief,
    )
}  # fmt: skip
