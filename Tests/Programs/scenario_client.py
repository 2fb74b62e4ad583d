"""The SDK's client as `reprise run` plays scenarios to it: it connects, does its steps, and stays until it is killed.

    reprise run SCENARIO... -- PYTHON scenario_client.py        Reprise adds URL... or COMMAND ARGUMENTS...

A first argument that is a URL is that of an HTTP server, and so are the others; anything else is the command of a stdio
server. `REPRISE_BEGIN` says how the client stands at t = 0: `cold`, when it has just begun to connect, or `connected`,
100 ms after it has listed the tools. `REPRISE_STEPS` is what it does then, and `REPRISE_SERVERS` what it has on file:
headers and tokens, with which it becomes a client of the SDK's OAuth. What happens to it goes to standard output, a
line each. Exit code: 1 when it cannot connect.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.auth import OAuthClientProvider
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from sdk_version import IS_V1, SDK_VERSION, httpx, types, wire

REDIRECT_URI = "http://127.0.0.1:9/callback"
# Between the list of tools and t = 0, as Reprise counts it.
REST_SECONDS = 0.1
CONNECT_SECONDS = 60


def say(text: str) -> None:
    print(f"{time.monotonic() - START:.3f} {text}", flush=True)


def reason(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(reason(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}"


class User:
    """Storage of the SDK's OAuth, with a user who agrees to everything."""

    def __init__(self, url: str, credential: dict[str, Any] | None) -> None:
        credential = credential or {}
        self._tokens: Any = None
        self._client: Any = None
        self._answer: dict[str, str] = {}
        if credential:
            fields = {"access_token": credential["accessToken"], "token_type": "Bearer"}
            for key, name in (("refreshToken", "refresh_token"), ("scope", "scope"), ("expiresIn", "expires_in")):
                if key in credential:
                    fields[name] = credential[key]
            self._tokens = OAuthToken.model_validate(fields)
            self._client = OAuthClientInformationFull.model_validate(
                {
                    "client_id": credential["client"],
                    "redirect_uris": [REDIRECT_URI],
                    "token_endpoint_auth_method": "none",
                }
            )
        metadata = OAuthClientMetadata.model_validate(
            {"client_name": "scenario-client", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}
        )
        self.provider: Any = OAuthClientProvider(
            server_url=url,
            client_metadata=metadata,
            storage=self,
            redirect_handler=self._redirect,
            callback_handler=self._callback,
        )

    async def _redirect(self, url: str) -> None:
        say("signs in")
        async with httpx.AsyncClient(trust_env=False) as user:
            response = await user.get(url)
        location = httpx.URL(response.headers["location"])
        self._answer = dict(location.params)

    async def _callback(self) -> Any:
        code, state = self._answer.get("code", ""), self._answer.get("state")
        if IS_V1:
            return code, state
        from mcp.shared.auth import AuthorizationCodeResult

        return AuthorizationCodeResult(code=code, state=state, iss=self._answer.get("iss"))

    async def get_tokens(self) -> Any:
        return self._tokens

    async def set_tokens(self, tokens: Any) -> None:
        say("has a new token")
        self._tokens = tokens

    async def get_client_info(self) -> Any:
        return self._client

    async def set_client_info(self, client_info: Any) -> None:
        self._client = client_info


async def sample(context: Any, params: Any) -> Any:
    content = {"type": "text", "text": "answer"}
    return types.CreateMessageResult.model_validate({"role": "assistant", "content": content, "model": "none"})


async def elicit(context: Any, params: Any) -> Any:
    return types.ElicitResult.model_validate({"action": "decline"})


async def list_roots(context: Any) -> Any:
    return types.ListRootsResult.model_validate({"roots": []})


async def other(message: Any) -> None:
    if isinstance(message, Exception):
        return say(f"hears of {reason(message)}")
    notification = wire(message.root if IS_V1 and hasattr(message, "root") else message)
    say(f"hears {notification.get('method')} {json.dumps(notification.get('params', {}))}")


@asynccontextmanager
async def streams(target: list[str], on_file: dict[str, Any]) -> AsyncIterator[tuple[Any, Any]]:
    if not target[0].startswith("http"):
        parameters = StdioServerParameters(command=target[0], args=target[1:], env=dict(os.environ))
        async with stdio_client(parameters) as (read_stream, write_stream):
            yield read_stream, write_stream
        return
    options: dict[str, Any] = {"headers": on_file.get("headers", {})}
    if on_file.get("isProtected"):
        options["auth"] = User(target[0], on_file.get("credential")).provider
    http_client = httpx.AsyncClient(timeout=httpx.Timeout(30, read=300), trust_env=False, **options)
    async with http_client, streamable_http_client(target[0], http_client=http_client) as opened:
        yield opened[0], opened[1]


class Server:
    """One server with the session on it."""

    def __init__(self, name: str, target: list[str], on_file: dict[str, Any]) -> None:
        self.name = name
        self._target = target
        self._on_file = on_file
        self._session: Any = None

    async def connect(self, stack: AsyncExitStack) -> None:
        read_stream, write_stream = await stack.enter_async_context(streams(self._target, self._on_file))
        session = ClientSession(
            read_stream,
            write_stream,
            sampling_callback=sample,
            elicitation_callback=elicit,
            list_roots_callback=list_roots,
            message_handler=other,
            client_info=types.Implementation(name="scenario-client", version="1.0.0"),
        )
        self._session = await stack.enter_async_context(session)
        with anyio.fail_after(CONNECT_SECONDS):
            capabilities = wire(await self._session.initialize())["capabilities"]
            say(f"{self.name}: initialized")
            for kind in ("tools", "prompts", "resources"):
                if kind in capabilities:
                    say(f"{self.name}: has {await self._count(kind)} {kind}")

    async def _count(self, kind: str) -> int:
        """How many tools, prompts or resources a server has, by all pages of its list."""
        count, cursor = 0, None
        while True:
            params = types.PaginatedRequestParams.model_validate({"cursor": cursor}) if cursor else None
            page = wire(await getattr(self._session, f"list_{kind}")(params=params))
            count, cursor = count + len(page[kind]), page.get("nextCursor")
            if cursor is None:
                return count

    async def call(self, step: dict[str, Any]) -> None:
        what = f"{self.name}: {step['tool']}"
        timeout = step.get("timeout")
        limit: Any = None
        if timeout is not None:
            limit = timedelta(milliseconds=timeout) if IS_V1 else timeout / 1000
        try:
            result = await self._session.call_tool(step["tool"], step["arguments"], read_timeout_seconds=limit)
            say(f"{what} gives {json.dumps(wire(result))}")
        except Exception as error:
            say(f"{what} fails: {reason(error)}")


async def perform(step: dict[str, Any], start: float, servers: dict[str, Server]) -> None:
    await anyio.sleep(max(0, start + step["at"] / 1000 - time.monotonic()))
    if step["action"] != "call":
        # The SDK connects once, and signs in when it is asked to.
        return say(f"does nothing for {step['action']}")
    async with anyio.create_task_group() as group:
        for _ in range(step["count"]):
            group.start_soon(servers[step["server"]].call, step)


async def run() -> None:
    on_file: dict[str, Any] = json.loads(os.environ["REPRISE_SERVERS"])
    targets = [[url] for url in sys.argv[1:]] if sys.argv[1].startswith("http") else [sys.argv[1:]]
    servers = {name: Server(name, target, on_file[name]) for name, target in zip(on_file, targets, strict=True)}
    is_cold = os.environ["REPRISE_BEGIN"] == "cold"
    steps: list[dict[str, Any]] = json.loads(os.environ["REPRISE_STEPS"])
    start = time.monotonic()
    async with AsyncExitStack() as stack:
        try:
            for server in servers.values():
                await server.connect(stack)
        except BaseException as error:
            say(f"cannot connect: {reason(error)}")
            # Leaving in order would hide the reason behind those of the streams, and say more to the server.
            os._exit(1)
        if not is_cold:
            start = time.monotonic() + REST_SECONDS
        async with anyio.create_task_group() as group:
            for step in steps:
                group.start_soon(perform, step, start, servers)
        await anyio.sleep_forever()


def main() -> int:
    if len(sys.argv) < 2 or "REPRISE_SERVERS" not in os.environ:
        print(__doc__, file=sys.stderr)
        return 2
    say(f"begins with SDK {SDK_VERSION}")
    try:
        anyio.run(run)
    except Exception as error:
        say(f"gives up: {reason(error)}")
        return 1
    return 0


START = time.monotonic()

if __name__ == "__main__":
    sys.exit(main())
