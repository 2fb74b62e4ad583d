"""The HTTP transport of 2024-11-05 for the test server: a stream for all that it says, and an address for messages."""

from __future__ import annotations

import sys
from typing import Any

from mcp.server.sse import SseServerTransport
from mcp.server.transport_security import TransportSecuritySettings

from http_server import listen, respond, serve_application

PATH = "/sse"
MESSAGES = "/messages/"


class SSEApplication:
    """The ASGI application; every message of the server goes to the one stream of its session."""

    has_streams = True
    answers_in_json = False

    def __init__(self, server: Any) -> None:
        self._server = server
        self._transport: Any = None

    async def serve(self, port: int) -> None:
        listener = listen(port)
        port = listener.getsockname()[1]
        # Exactly what a client that knows the address sends: a proxy has to see to it.
        security = TransportSecuritySettings(
            allowed_hosts=[f"127.0.0.1:{port}"], allowed_origins=[f"http://127.0.0.1:{port}"]
        )
        self._transport = SseServerTransport(MESSAGES, security_settings=security)
        print(f"http://127.0.0.1:{port}{PATH}", file=sys.stderr, flush=True)
        await serve_application(self, listener)

    async def standalone_stream(self, state: Any) -> None:
        """There is no other stream to wait for."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == PATH and scope["method"] == "GET":
            async with self._transport.connect_sse(scope, receive, send) as (read_stream, write_stream):
                await self._server.run(read_stream, write_stream, self._server.create_initialization_options())
        elif scope["path"] == MESSAGES and scope["method"] == "POST":
            await self._transport.handle_post_message(scope, receive, send)
        else:
            await respond(send, 404)
