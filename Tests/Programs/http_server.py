"""Streamable HTTP for the test servers: sessions, event streams that can be resumed, and tools that break them off.

Event ids are deterministic: the k-th event of a stream of a session is `<stream>-<k>`, where the stream of a call is
named for its request id. A client that returns to a stream that a tool has closed is kept waiting until all that the
tool has for it is stored, so that what comes again and what comes live does not depend on who is faster.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections import defaultdict
from typing import Any

import anyio
import uvicorn
from mcp.server.streamable_http import GET_STREAM_KEY, EventMessage, EventStore
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.message import ServerMessageMetadata

from sdk_version import IS_V1, types

PATH = "/mcp"
# What the server tells its clients to wait before they return to a stream.
RETRY_MILLISECONDS = 50
Json = dict[str, Any]


class Store(EventStore):
    """The events of the streams of one session."""

    def __init__(self) -> None:
        self._events: defaultdict[str, list[Any]] = defaultdict(list)
        self._awaited: dict[str, tuple[int, anyio.Event]] = {}

    async def store_event(self, stream_id: str, message: Any) -> str:
        self._events[stream_id].append(message)
        if message is not None and stream_id in self._awaited:
            count, stored = self._awaited[stream_id]
            self._awaited[stream_id] = (count - 1, stored)
            if count == 1:
                stored.set()
        return f"{stream_id}-{len(self._events[stream_id])}"

    async def replay_events_after(self, last_event_id: str, send_callback: Any) -> str | None:
        stream_id, _, number = last_event_id.rpartition("-")
        if stream_id not in self._events or not number.isdigit():
            return None
        missed = list(enumerate(self._events[stream_id], start=1))[int(number) :]
        for index, message in missed:
            if message is not None:
                await send_callback(EventMessage(message, f"{stream_id}-{index}"))
        return stream_id

    def hold(self, stream_id: str, count: int) -> None:
        """Keeps whoever returns to a stream waiting until so many more messages are stored for it."""
        self._awaited[stream_id] = (count, anyio.Event())

    async def released(self, last_event_id: str) -> None:
        if waiting := self._awaited.get(last_event_id.rpartition("-")[0]):
            await waiting[1].wait()


class Manager(StreamableHTTPSessionManager):
    """Gives every session a store of its own: the SDK names the streams of all sessions alike."""

    @property
    def event_store(self) -> Any:
        return Store()

    @event_store.setter
    def event_store(self, value: Any) -> None:
        pass


class Application:
    """The ASGI application, and how messages reach the client besides the answers to its requests."""

    has_streams = True

    def __init__(self, server: Any, answers_in_json: bool) -> None:
        self.answers_in_json = answers_in_json
        self._server = server
        self._manager: Any = None

    def open(self, port: int) -> Any:
        """What holds the sessions; to be entered before the first request comes."""
        # Exactly what a client that knows the address sends: a proxy has to see to it.
        security = TransportSecuritySettings(
            allowed_hosts=[f"127.0.0.1:{port}"], allowed_origins=[f"http://127.0.0.1:{port}"]
        )
        self._manager = Manager(
            app=self._server,
            json_response=self.answers_in_json,
            retry_interval=RETRY_MILLISECONDS,
            security_settings=security,
        )
        return self._manager.run()

    async def serve(self, port: int) -> None:
        listener = listen(port)
        port = listener.getsockname()[1]
        async with self.open(port):
            print(f"http://127.0.0.1:{port}{PATH}", file=sys.stderr, flush=True)
            await serve_application(self, listener)

    def _transport(self, session_id: str | None) -> Any:
        # The SDK tells nobody which streams are open; both lines keep them under the same names.
        return self._manager._server_instances[session_id]

    def store(self, session_id: str | None) -> Store:
        return self._transport(session_id)._event_store

    async def stream(self, session_id: str | None, stream_id: str) -> None:
        """Returns once a stream is open."""
        while stream_id not in self._transport(session_id)._request_streams:
            await anyio.sleep(0.001)

    async def standalone_stream(self, state: Any) -> None:
        await self.stream(state.id, GET_STREAM_KEY)

    def close_standalone_stream(self, state: Any) -> None:
        self._transport(state.id).close_standalone_sse_stream()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != PATH:
            await respond(send, 404)
            return
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        session_id = headers.get("mcp-session-id")
        if "last-event-id" in headers and session_id in self._manager._server_instances:
            await self.store(session_id).released(headers["last-event-id"])
        await self._manager.handle_request(scope, receive, send)


async def respond(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def listen(port: int) -> socket.socket:
    # asyncio sends without delay only on sockets that name their protocol, as those of create_server do not.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(256)
    return listener


def end_with_input() -> None:
    """Ends the process, whatever it is doing, when its standard input ends."""

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


async def serve_application(app: Any, listener: socket.socket) -> None:
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1)
    await uvicorn.Server(config).serve(sockets=[listener])


def register(tool: Any, application: Application) -> None:
    """Registers the tools that there are over HTTP alone, with the decorator of the server."""

    async def arrived(call: Any) -> None:
        """Returns once the client has what was sent on the stream of a call."""
        metadata = ServerMessageMetadata(related_request_id=call.request_id)
        ping: Any = types.PingRequest(method="ping")
        request = types.ServerRequest(ping) if IS_V1 else ping
        await call.session.send_request(request, types.EmptyResult, metadata=metadata)

    async def leave(call: Any, count: int) -> None:
        """Closes the stream of a call; the client may return when `count` more messages are stored."""
        await arrived(call)
        application.store(call.state.id).hold(str(call.request_id), count)
        await call.close_stream()

    @tool("Closes its stream after the first of three reports; the client finds all of the rest when it returns.")
    async def tool_answer_while_away(call: Any, arguments: Json) -> Json:
        await call.report(1, 3, "before the stream is closed")
        await leave(call, 3)
        await call.report(2, 3, "while the client is away")
        await call.report(3, 3, "while the client is still away")
        return {"content": [{"type": "text", "text": "answered while the client was away"}]}

    @tool("Closes its stream as often as told, each time with a report while away and one after.", {"times": "integer"})
    async def tool_answer_on_return(call: Any, arguments: Json) -> Json:
        times = arguments["times"]
        for time in range(1, times + 1):
            await leave(call, 1)
            await call.report(2 * time - 1, 2 * times, f"away for the {time}. time")
            await application.stream(call.state.id, str(call.request_id))
            await call.report(2 * time, 2 * times, f"back for the {time}. time")
        return {"content": [{"type": "text", "text": "answered when the client was back"}]}

    @tool("Closes the stream for messages of no call between the first and the second of three of them.")
    async def tool_close_standalone_stream(call: Any, arguments: Json) -> Json:
        session = await call.standalone()
        await session.send_resource_updated("everything://notes/1")
        await session.send_ping()
        application.store(call.state.id).hold(GET_STREAM_KEY, 1)
        application.close_standalone_stream(call.state)
        await session.send_resource_updated("everything://notes/2")
        await (await call.standalone()).send_resource_updated("everything://notes/3")
        return {"content": [{"type": "text", "text": "the client is back"}]}
