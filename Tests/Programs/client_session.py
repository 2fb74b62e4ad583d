"""A session of the SDK's client that writes down all that the client sees; everything_client.py runs scripts on it."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TextIO

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

from sdk_version import IS_V1, ProtocolError, httpx, types, wire

# What the scripts ask the server for with its tool `env`, unless the environment has it.
SERVER_ENVIRONMENT = {"EVERYTHING_GREETING": "good morning", "EVERYTHING_API_KEY": "everything-key-0123456789abcdef"}
# SDK 2.x gives up on an event of more than a mebibyte unless it is told otherwise.
ANY_EVENT_SIZE: dict[str, Any] = {} if IS_V1 else {"max_sse_event_size": None}
# A longer string stands in the transcript as its length and digest.
LONG_STRING = 4096


def shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONG_STRING:
        data = value.encode()
        return {"long": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "begin": value[:64]}}
    if isinstance(value, dict):
        return {key: shortened(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shortened(element) for element in value]
    return value


class Transcript:
    """The file, and how often each kind of message has come from the server so far.

    Over HTTP messages come on several streams at once, in no order that two runs would share. The file then holds first
    what the script did one after the other, and then by call and by kind what came meanwhile; it is written at the end.
    """

    def __init__(self, file: TextIO, has_streams: bool = False) -> None:
        self._file = file
        self._lanes: defaultdict[str, list[str]] | None = defaultdict(list) if has_streams else None
        self._arrived: Counter[str] = Counter()
        self._arrival = anyio.Event()

    def write(self, event: str, lane: str = "", **fields: Any) -> None:
        line = json.dumps({"event": event, **shortened(fields)}, sort_keys=True, ensure_ascii=True) + "\n"
        if self._lanes is not None:
            self._lanes[lane].append(line)
        else:
            self._file.write(line)
            self._file.flush()

    def finish(self) -> None:
        for _, lines in sorted((self._lanes or {}).items()):
            self._file.writelines(lines)
        self._lanes = self._lanes and defaultdict(list)

    def note_arrival(self, name: str) -> None:
        self._arrived[name] += 1
        self._arrival.set()
        self._arrival = anyio.Event()

    def arrived(self, name: str) -> int:
        return self._arrived[name]

    async def wait_for(self, name: str, count: int) -> None:
        """Returns once `name` has arrived `count` times since the session began."""
        while self._arrived[name] < count:
            await self._arrival.wait()


class Client:
    """A session with the transcript of it: every operation writes down its request and how it ended."""

    def __init__(self, session: ClientSession, transcript: Transcript, callbacks: Callbacks) -> None:
        self.session = session
        self.transcript = transcript
        self.callbacks = callbacks
        # With OAuth: makes the SDK refresh its token before the next request.
        self.expire_token: Callable[[], None] = lambda: None
        self.largest_text = 1 << 20
        # Whether all that the server sends comes in one order.
        self.has_one_stream = True

    async def perform(
        self, method: str, params: Any, operation: Callable[[], Awaitable[Any]], lane: str = ""
    ) -> Any:
        """Runs one operation; returns its result as a JSON object, or None if it failed."""
        fields, result = await outcome(operation)
        self.transcript.write("call", lane, method=method, params=params, **fields)
        return result

    async def tool(
        self, name: str, arguments: Any = None, progress: bool = False, label: str | None = None, lane: str = ""
    ) -> Any:
        callback = self.progress(label or name) if progress else None
        params = {"name": name, "arguments": arguments or {}}
        return await self.perform("tools/call", params, lambda: self.start(name, arguments, callback), lane=lane)

    def start(self, name: str, arguments: Any, callback: Any) -> Awaitable[Any]:
        """The SDK's own call, for scripts that write it down themselves."""
        return self.session.call_tool(name, arguments or {}, progress_callback=callback)

    def progress(self, label: str) -> Callable[[float, float | None, str | None], Awaitable[None]]:
        async def report(progress: float, total: float | None, message: str | None) -> None:
            lane = f"progress {label}"
            self.transcript.write("progress", lane, call=label, progress=progress, total=total, message=message)
            self.transcript.note_arrival(lane)

        return report

    async def wait_for_progress(self, label: str, count: int = 1) -> None:
        await self.transcript.wait_for(f"progress {label}", count)

    async def list_all(self, method: str, key: str, operation: Callable[..., Awaitable[Any]]) -> list[Any]:
        """Every page of a list, following its cursors."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            params = None if cursor is None else types.PaginatedRequestParams(cursor=cursor)
            result = await self.perform(method, wire(params), lambda params=params: operation(params=params))
            if result is None:
                return items
            items += result[key]
            if (cursor := result.get("nextCursor")) is None:
                return items

    async def list_tools(self) -> list[Any]:
        # Until the SDK has seen a tool in a list, it lists the tools again after each call of it.
        return await self.list_all("tools/list", "tools", self.session.list_tools)

    async def read(self, uri: str) -> Any:
        address: Any = AnyUrl(uri) if IS_V1 else uri
        return await self.perform("resources/read", {"uri": uri}, lambda: self.session.read_resource(address))

    async def subscribe(self, uri: str) -> Any:
        address: Any = AnyUrl(uri) if IS_V1 else uri
        return await self.perform("resources/subscribe", {"uri": uri}, lambda: self.session.subscribe_resource(address))

    async def unsubscribe(self, uri: str) -> Any:
        address: Any = AnyUrl(uri) if IS_V1 else uri
        operation = lambda: self.session.unsubscribe_resource(address)  # noqa: E731
        return await self.perform("resources/unsubscribe", {"uri": uri}, operation)

    async def prompt(self, name: str, arguments: dict[str, str] | None = None) -> Any:
        params = {"name": name, "arguments": arguments}
        return await self.perform("prompts/get", params, lambda: self.session.get_prompt(name, arguments))

    async def set_level(self, level: Any) -> None:
        await self.perform("logging/setLevel", {"level": level}, lambda: self.session.set_logging_level(level))

    async def cancel(self, request_id: str | int, reason: str) -> None:
        """Sends notifications/cancelled, as the protocol has it: the SDK's own call goes on waiting."""
        params = {"requestId": request_id, "reason": reason}
        notification: Any = types.CancelledNotification.model_validate(
            {"method": "notifications/cancelled", "params": params}
        )
        await self.session.send_notification(types.ClientNotification(notification) if IS_V1 else notification)
        self.transcript.write("sent", method="notifications/cancelled", params={"reason": reason})


async def outcome(operation: Callable[[], Awaitable[Any]]) -> tuple[dict[str, Any], Any]:
    """What an operation came to, for the transcript, and its result as a JSON object if it has one."""
    try:
        result = wire(await operation())
        return {"result": result}, result
    except ProtocolError as error:
        return {"error": wire(error.error)}, None
    except (RuntimeError, ValueError) as error:
        # The SDK does not accept the server's answer. Its words differ between versions of its own libraries.
        return {"refused": type(error).__name__}, None


class Callbacks:
    """How this client answers the server; every answer follows from the request alone."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self.roots = [
            {"uri": "file:///projects/reprise", "name": "Reprise"},
            {"uri": "file:///projects/%C3%BC%20ber", "name": "über"},
        ]
        self.progress_tokens: list[str | int] = []

    def _answer(self, method: str, params: Any, answer: dict[str, Any], model: Any) -> Any:
        self._transcript.write("server request", method, method=method, params=params, answer=answer)
        self._transcript.note_arrival(method)
        return model.model_validate(answer)

    async def sample(self, context: Any, params: Any) -> Any:
        request = wire(params)
        prompt = request["messages"][-1]["content"]["text"]
        if prompt == "refuse":
            error = {"code": -1, "message": "User rejected sampling request"}
            return self._answer("sampling/createMessage", request, error, types.ErrorData)
        content = {"type": "text", "text": f"{len(prompt)} characters: {prompt}"}
        answer = {"role": "assistant", "content": content, "model": "model-of-the-test", "stopReason": "endTurn"}
        return self._answer("sampling/createMessage", request, answer, types.CreateMessageResult)

    async def elicit(self, context: Any, params: Any) -> Any:
        request = wire(params)
        answer: dict[str, Any] = {"action": request["message"]}
        if request["message"] not in ("decline", "cancel"):
            answer = {"action": "accept", "content": {"name": "Zoë", "age": 37}}
        return self._answer("elicitation/create", request, answer, types.ElicitResult)

    async def list_roots(self, context: Any) -> Any:
        return self._answer("roots/list", {}, {"roots": self.roots}, types.ListRootsResult)

    async def log(self, params: Any) -> None:
        self._transcript.write("log", "notifications/message", params=wire(params))
        self._transcript.note_arrival("notifications/message")

    async def other(self, message: Any) -> None:
        """Everything that the SDK passes on, including what the callbacks above have seen already."""
        if isinstance(message, Exception):
            self._transcript.write("unreadable", "unreadable", type=type(message).__name__)
            return
        notification = wire(message.root if IS_V1 and hasattr(message, "root") else message)
        method = notification.get("method")
        if method == "notifications/progress":
            # The token is the SDK's business; what matters is that no notification misses its callback.
            self.progress_tokens.append(notification["params"]["progressToken"])
        elif method is not None and method != "notifications/message":
            self._transcript.write("notification", method, method=method, params=notification.get("params", {}))
            self._transcript.note_arrival(method)


@asynccontextmanager
async def begin(read_stream: Any, write_stream: Any, transcript: Transcript) -> AsyncIterator[Client]:
    callbacks = Callbacks(transcript)
    async with ClientSession(
        read_stream,
        write_stream,
        sampling_callback=callbacks.sample,
        elicitation_callback=callbacks.elicit,
        list_roots_callback=callbacks.list_roots,
        logging_callback=callbacks.log,
        message_handler=callbacks.other,
        client_info=types.Implementation(name="everything-client", version="1.0.0"),
    ) as session:
        client = Client(session, transcript, callbacks)
        if await client.perform("initialize", {}, session.initialize) is None:
            raise RuntimeError("the server does not let the session begin")
        yield client
        transcript.write("end", progressNotifications=len(callbacks.progress_tokens))


@asynccontextmanager
async def connect(command: list[str], directory: str | None, transcript: Transcript) -> AsyncIterator[Client]:
    """A session with a server that is started for it and speaks over its standard input and output."""
    environment = {**SERVER_ENVIRONMENT, **os.environ}
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=environment, cwd=directory)
    async with stdio_client(parameters) as (read_stream, write_stream):
        async with begin(read_stream, write_stream, transcript) as client:
            yield client


@asynccontextmanager
async def connect_to(url: str, transcript: Transcript, **options: Any) -> AsyncIterator[Client]:
    """A session with a server that is there already, over Streamable HTTP; `options` are those of the HTTP client."""
    # Proxies of the environment would stand between this client and a server on the same machine.
    http_client = httpx.AsyncClient(timeout=httpx.Timeout(30, read=300), trust_env=False, **options)
    async with http_client, streamable_http_client(url, http_client=http_client, **ANY_EVENT_SIZE) as streams:
        async with begin(streams[0], streams[1], transcript) as client:
            client.has_one_stream = False
            yield client


@asynccontextmanager
async def connect_by_first_transport(url: str, transcript: Transcript) -> AsyncIterator[Client]:
    """A session with a server that is there already, over the HTTP transport of 2024-11-05."""
    async with sse_client(url, httpx_client_factory=without_proxies) as (read_stream, write_stream):
        async with begin(read_stream, write_stream, transcript) as client:
            # Here SDK 2.x cannot be told to take larger events.
            client.largest_text >>= 1
            yield client


def without_proxies(headers: Any = None, timeout: Any = None, auth: Any = None) -> Any:
    # Proxies of the environment would stand between this client and a server on the same machine.
    return httpx.AsyncClient(headers=headers, timeout=timeout, auth=auth, trust_env=False)
