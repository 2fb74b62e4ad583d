"""A deterministic MCP server that uses what the protocol offers; runs with SDK 1.x and 2.x.

    everything_server.py [--http PORT [--json | --sse] [--until-end-of-input]] [--executions FILE]

Over stdio, or with --http over Streamable HTTP at http://127.0.0.1:PORT/mcp (0 takes a free port; the URL is the first
line on standard error), where it answers with event streams, or with plain JSON if --json is given; with --sse over the
transport of 2024-11-05 at http://127.0.0.1:PORT/sse. FILE gets one line of JSON for each call of a tool that is
executed: the session, the id of the request and the name of the tool. With --until-end-of-input a server on HTTP ends
when its standard input does, as one on stdio.

The handlers work on JSON objects as they stand on the wire; `make_server` registers them with the low-level server of
whichever SDK is installed. Nothing here depends on time, chance or the order in which tasks happen to run.
"""

from __future__ import annotations

import argparse
import base64
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, TextIO

import anyio
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.stdio import stdio_server

from sdk_version import IS_V1, protocol_error, types, wire

INVALID_PARAMS = -32602
RESOURCE_NOT_FOUND = -32002
LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
PAGE_SIZE = 8
Json = dict[str, Any]


class Wire:
    """How messages reach the client besides the answers to its requests; this is stdio, where there is one way."""

    has_streams = False
    answers_in_json = False

    async def standalone_stream(self, state: State) -> None:
        """Returns once the client listens for messages that belong to no request of its own."""


class State:
    """What one session has changed so far."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.id: str | None = None
        self.level = "debug"
        self.session: Any = None
        self.added_tool = False
        self.gates: dict[tuple[str, str], anyio.Event] = {}

    def gate(self, kind: str, key: str) -> anyio.Event:
        return self.gates.setdefault((kind, key), anyio.Event())


class Process:
    """What the sessions of this process share."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.states: dict[str | None, State] = {}
        self.executions: TextIO | None = None

    def state(self, session_id: str | None) -> State:
        if session_id not in self.states:
            self.states[session_id] = State(len(self.states) + 1)
        return self.states[session_id]


process = Process()
# SDK 1.x tells the handler of a notification nothing of where it came from, but runs it in the context of its session.
current_state: ContextVar[State] = ContextVar("current_state")


@dataclass
class Call:
    """One request being handled: its session and, if the client asked for progress, its token."""

    session: Any
    state: State
    request_id: str | int
    progress_token: str | int | None = None
    # Closes the stream of this call, where there is one that the client can return to.
    close_stream: Callable[[], Awaitable[None]] | None = None

    @property
    def related(self) -> str | int | None:
        """What ties a notification to the stream of this call. Where answers are JSON the SDK then drops it."""
        return self.request_id if process.wire.has_streams else None

    async def related_if_possible(self) -> str | int | None:
        """The same for a message that must arrive: where answers are JSON it goes another way than the answer."""
        if process.wire.answers_in_json:
            await process.wire.standalone_stream(self.state)
            return None
        return self.related

    async def report(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        if self.progress_token is not None:
            await self.session.send_progress_notification(
                self.progress_token, progress, total, message, related_request_id=self.related
            )

    async def announce(self, message: str) -> None:
        """Reports progress that the client waits for before it goes on."""
        related = await self.related_if_possible()
        if self.progress_token is not None:
            await self.session.send_progress_notification(
                self.progress_token, 0, None, message, related_request_id=related
            )

    async def standalone(self) -> Any:
        """The session, for messages that belong to no request of the client."""
        await process.wire.standalone_stream(self.state)
        return self.session

    def note_execution(self, name: str) -> None:
        if process.executions is not None:
            line = {"session": self.state.number, "request": self.request_id, "tool": name}
            print(json.dumps(line), file=process.executions, flush=True)


def text(value: str, **more: Any) -> Json:
    return {"content": [{"type": "text", "text": value}], **more}


# Tools

Tool = Callable[[Call, Json], Awaitable[Json]]
tools: dict[str, tuple[Json, Tool]] = {}


def tool(description: str, required: dict[str, str] | None = None, **more: Any) -> Callable[[Tool], Tool]:
    """Registers a tool named for its function; `required` maps its arguments to their JSON types."""

    def register(function: Tool) -> Tool:
        name = function.__name__.removeprefix("tool_")
        schema = {
            "type": "object",
            "properties": {key: {"type": kind} for key, kind in (required or {}).items()},
            "required": list(required or {}),
        }
        tools[name] = ({"name": name, "description": description, "inputSchema": schema, **more}, function)
        return function

    return register


@tool("Returns its text.", {"text": "string"})
async def tool_echo(call: Call, arguments: Json) -> Json:
    return text(arguments["text"])


@tool("Returns its arguments as they came, as JSON in a structured result.")
async def tool_mirror(call: Call, arguments: Json) -> Json:
    return text("mirrored", structuredContent={"arguments": arguments})


@tool("Adds two numbers.", {"a": "number", "b": "number"})
async def tool_add(call: Call, arguments: Json) -> Json:
    return text(str(arguments["a"] + arguments["b"]))


@tool("Reports progress as often as told.", {"steps": "integer"})
async def tool_progress(call: Call, arguments: Json) -> Json:
    steps = arguments["steps"]
    for step in range(1, steps + 1):
        await call.report(step, steps, f"step {step} of {steps}")
    return text(f"{steps} steps done")


@tool("Reports progress without a total, in fractions.")
async def tool_open_ended_progress(call: Call, arguments: Json) -> Json:
    for progress in (0.25, 0.5, 0.875):
        await call.report(progress)
    return text("no end in sight")


@tool("Asks the client's model and returns its text.", {"prompt": "string"})
async def tool_sampling(call: Call, arguments: Json) -> Json:
    message = types.SamplingMessage.model_validate(
        {"role": "user", "content": {"type": "text", "text": arguments["prompt"]}}
    )
    result = await call.session.create_message(
        [message],
        max_tokens=100,
        system_prompt="Be brief.",
        temperature=0.5,
        stop_sequences=["END"],
        related_request_id=await call.related_if_possible(),
    )
    return text(f"the model {wire(result)['model']} said: {result.content.text}")


@tool("Asks the user for a name and an age.", {"message": "string"})
async def tool_elicit(call: Call, arguments: Json) -> Json:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "title": "Name"}, "age": {"type": "integer", "minimum": 0}},
        "required": ["name"],
    }
    related = await call.related_if_possible()
    result = wire(await call.session.elicit(arguments["message"], schema, related_request_id=related))
    return text(f"the user chose to {result['action']}", structuredContent=result)


@tool("Returns the client's roots.")
async def tool_roots(call: Call, arguments: Json) -> Json:
    roots = wire(await (await call.standalone()).list_roots())["roots"]
    return text("\n".join(f"{root.get('name', '-')} {root['uri']}" for root in roots))


@tool("Pings the client and returns when it has answered.")
async def tool_ping_back(call: Call, arguments: Json) -> Json:
    await (await call.standalone()).send_ping()
    return text("the client is there")


@tool("Sends one log message of each level that logging/setLevel lets through.")
async def tool_log(call: Call, arguments: Json) -> Json:
    for level in LEVELS[LEVELS.index(call.state.level) :]:
        data = {"level": level, "rank": LEVELS.index(level)} if level == "error" else f"a message of level {level}"
        await call.session.send_log_message(
            level=level, data=data, logger="everything", related_request_id=call.related
        )
    return text("logged")


@tool("Reports progress once it waits, then returns when `release` is called with the same key.", {"key": "string"})
async def tool_slow(call: Call, arguments: Json) -> Json:
    key = arguments["key"]
    await call.announce(f"{key} waits")
    await call.state.gate("release", key).wait()
    return text(f"{key} is released")


@tool("Lets the call of `slow` with the same key return.", {"key": "string"})
async def tool_release(call: Call, arguments: Json) -> Json:
    call.state.gate("release", arguments["key"]).set()
    return text(f"releases {arguments['key']}")


@tool("Returns a result that says it is an error.", {"text": "string"})
async def tool_fail(call: Call, arguments: Json) -> Json:
    return text(arguments["text"], isError=True)


@tool("Answers with a JSON-RPC error.", {"code": "integer", "message": "string"})
async def tool_protocol_error(call: Call, arguments: Json) -> Json:
    raise protocol_error(arguments["code"], arguments["message"], {"from": "everything", "depth": [1, [2, [3]]]})


@tool("Raises an exception that nobody catches.")
async def tool_raise(call: Call, arguments: Json) -> Json:
    raise RuntimeError("nobody catches this")


@tool("Returns text in many scripts, with control characters.")
async def tool_unicode(call: Call, arguments: Json) -> Json:
    return text(UNICODE)


@tool("Returns as many bytes of text as told, UTF-8, some of two to four bytes a character.", {"bytes": "integer"})
async def tool_big(call: Call, arguments: Json) -> Json:
    return text(big_text(arguments["bytes"]))


@tool("Reports progress once it waits, then waits until it is cancelled.", {"key": "string"})
async def tool_cancel_me(call: Call, arguments: Json) -> Json:
    key = arguments["key"]
    await call.announce(f"{key} waits to be cancelled")
    try:
        await anyio.sleep_forever()
    finally:
        call.state.gate("cancelled", key).set()


@tool("Returns when the call of `cancel_me` with the same key has been cancelled.", {"key": "string"})
async def tool_await_cancelled(call: Call, arguments: Json) -> Json:
    await call.state.gate("cancelled", arguments["key"]).wait()
    return text(f"{arguments['key']} was cancelled")


@tool("Returns an environment variable of the server.", {"name": "string"})
async def tool_env(call: Call, arguments: Json) -> Json:
    value = os.environ.get(arguments["name"])
    return text("" if value is None else value, isError=value is None)


@tool("Writes a line to the server's standard error.", {"text": "string"})
async def tool_stderr(call: Call, arguments: Json) -> Json:
    print(arguments["text"], file=sys.stderr, flush=True)
    return text("written")


@tool("Adds the tool `added` and tells the client that the lists have changed.")
async def tool_list_changed(call: Call, arguments: Json) -> Json:
    call.state.added_tool = True
    session = await call.standalone()
    await session.send_tool_list_changed()
    await session.send_prompt_list_changed()
    await session.send_resource_list_changed()
    return text("there is a new tool")


@tool("Tells the client that a resource has changed.", {"uri": "string"})
async def tool_touch(call: Call, arguments: Json) -> Json:
    await (await call.standalone()).send_resource_updated(arguments["uri"])
    return text("touched")


@tool("Returns a token to be used with `use_token`.")
async def tool_issue_token(call: Call, arguments: Json) -> Json:
    return text(ISSUED_TOKEN, structuredContent={"access_token": ISSUED_TOKEN, "expires_in": 3600})


@tool("Says whether the token is the one that `issue_token` returned.", {"token": "string"})
async def tool_use_token(call: Call, arguments: Json) -> Json:
    good = arguments["token"] == ISSUED_TOKEN
    return text("welcome" if good else "wrong token", isError=not good)


@tool("Ends the server with exit code 3, in the middle of the call.")
async def tool_crash(call: Call, arguments: Json) -> Json:
    await call.announce("about to crash")
    # The answer shows that the progress notification has left the process.
    await (await call.standalone()).send_ping()
    os._exit(3)


@tool(
    "Returns the weather, the same every day, as structured content.",
    {"city": "string"},
    title="Weather",
    annotations={"readOnlyHint": True, "openWorldHint": False},
    outputSchema={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "celsius": {"type": "number"},
            "wind": {"type": "array", "items": {"type": "number"}},
        },
        "required": ["city", "celsius"],
    },
)
async def tool_weather(call: Call, arguments: Json) -> Json:
    report = {"city": arguments["city"], "celsius": 21.5, "wind": [1, 2.5, -0.125]}
    return text(f"21.5 degrees in {arguments['city']}", structuredContent=report)


@tool("Returns every kind of content block.")
async def tool_contents(call: Call, arguments: Json) -> Json:
    return {
        "content": [
            {"type": "text", "text": "text", "annotations": {"audience": ["user"], "priority": 0.5}},
            {"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"},
            {"type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"},
            {"type": "resource_link", "uri": "everything://notes/1", "name": "Note 1"},
            {"type": "resource", "resource": read("everything://blob")["contents"][0]},
        ]
    }


ADDED_TOOL = {"name": "added", "description": "Came later.", "inputSchema": {"type": "object", "properties": {}}}

# Put together here so that nothing that scans source files for keys takes it for one.
ISSUED_TOKEN = "-".join(["sk", "issued", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"])

UNICODE = "\n".join(
    [
        "emoji 🦊 👩‍👩‍👧‍👦 🇯🇵 👍🏽",
        "right to left: שלום, العربية, \u202emarked\u202c",
        "combining: e\u0301 is not é; Z\u0351\u036b\u0343",
        "separators: \u2028 and \u2029 and \u0085 and \ufeff",
        "controls: " + "".join(chr(code) for code in range(1, 32) if chr(code) != "\n") + "\u007f",
        "astral: 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠮷 \U0010fffd; noncharacters: \ufffe \uffff",
        'looks like JSON: {"a":"\\u0041\\n","b":[1e400,-0.0]} and \\ud83d\\ude00',
        "a very ordinary line",
    ]
)


def big_text(byte_count: int) -> str:
    """Numbered lines, cut to `byte_count` bytes of UTF-8 exactly, filled up with full stops."""
    lines: list[str] = []
    size = 0
    while size < byte_count:
        line = f"{len(lines):07d} the quick brown fox jumps over the lazy dog, é € 🦊\n"
        lines.append(line)
        size += len(line.encode())
    whole = "".join(lines).encode()[:byte_count].decode(errors="ignore")
    return whole + "." * (byte_count - len(whole.encode()))


# Resources and prompts

RESOURCES: list[Json] = [
    *({"uri": f"everything://notes/{n}", "name": f"Note {n}", "mimeType": "text/plain"} for n in range(1, 11)),
    {"uri": "everything://blob", "name": "Bytes", "mimeType": "application/octet-stream", "size": 256},
]

TEMPLATES: list[Json] = [
    {"uriTemplate": "everything://notes/{number}", "name": "Note", "mimeType": "text/plain"},
    {"uriTemplate": "everything://echo/{word}", "name": "Echo", "description": "Its own last part."},
]

PROMPTS: list[Json] = [
    {"name": f"prompt-{number}", "description": f"Prompt number {number}", "arguments": []} for number in range(1, 11)
] + [
    {
        "name": "greeting",
        "description": "Greets somebody.",
        "arguments": [{"name": "name", "required": True}, {"name": "style", "required": False}],
    }
]


def read(uri: str) -> Json:
    if uri == "everything://blob":
        blob = base64.b64encode(bytes(range(256))).decode()
        return {"contents": [{"uri": uri, "mimeType": "application/octet-stream", "blob": blob}]}
    if any(resource["uri"] == uri for resource in RESOURCES):
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": f"The text of {uri}."}]}
    if uri.startswith("everything://echo/"):
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": uri.removeprefix("everything://echo/")}]}
    raise protocol_error(RESOURCE_NOT_FOUND, "Resource not found", {"uri": uri})


def page(items: list[Json], params: Json, key: str) -> Json:
    """One page of `items`; the cursor of the next is opaque to the client."""
    cursor = params.get("cursor", f"{key}:0")
    start = cursor.removeprefix(f"{key}:")
    if start == cursor or not start.isdigit() or int(start) > len(items):
        raise protocol_error(INVALID_PARAMS, "Invalid cursor", {"cursor": cursor})
    end = int(start) + PAGE_SIZE
    more = {"nextCursor": f"{key}:{end}"} if end < len(items) else {}
    return {key: items[int(start) : end], **more}


# Requests

JSON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float)}


async def call_tool(call: Call, params: Json) -> Json:
    name, arguments = params["name"], params.get("arguments", {})
    call.note_execution(name)
    if name == "added" and call.state.added_tool:
        return text("the added tool answers")
    if name not in tools:
        raise protocol_error(INVALID_PARAMS, f"Unknown tool: {name}")
    definition, function = tools[name]
    for key, schema in definition["inputSchema"]["properties"].items():
        value = arguments.get(key)
        if not isinstance(value, JSON_TYPES[schema["type"]]) or isinstance(value, bool):
            raise protocol_error(INVALID_PARAMS, f"Invalid arguments for {name}", {"argument": key, "expected": schema})
    return await function(call, arguments)


async def list_tools(call: Call, params: Json) -> Json:
    definitions = [definition for definition, _ in tools.values()]
    return page(definitions + ([ADDED_TOOL] if call.state.added_tool else []), params, "tools")


async def list_resources(call: Call, params: Json) -> Json:
    return page(RESOURCES, params, "resources")


async def list_templates(call: Call, params: Json) -> Json:
    return page(TEMPLATES, params, "resourceTemplates")


async def read_resource(call: Call, params: Json) -> Json:
    return read(params["uri"])


async def subscribe(call: Call, params: Json) -> Json:
    read(params["uri"])
    return {}


async def list_prompts(call: Call, params: Json) -> Json:
    return page(PROMPTS, params, "prompts")


async def get_prompt(call: Call, params: Json) -> Json:
    name, arguments = params["name"], params.get("arguments", {})
    if all(prompt["name"] != name for prompt in PROMPTS):
        raise protocol_error(INVALID_PARAMS, f"Unknown prompt: {name}")
    if name == "greeting" and "name" not in arguments:
        raise protocol_error(INVALID_PARAMS, "Missing argument: name")
    words = f"Greet {arguments['name']}, {arguments.get('style', 'plainly')}." if name == "greeting" else name
    messages = [
        {"role": "user", "content": {"type": "text", "text": words}},
        {"role": "assistant", "content": {"type": "text", "text": "Gladly."}},
    ]
    return {"description": f"The prompt {name}", "messages": messages}


async def complete(call: Call, params: Json) -> Json:
    values = [word for word in ("formal", "formidable", "friendly") if word.startswith(params["argument"]["value"])]
    return {"completion": {"values": values, "total": len(values), "hasMore": False}}


async def set_level(call: Call, params: Json) -> Json:
    call.state.level = params["level"]
    return {}


async def roots_changed(state: State) -> None:
    """Answers the notification with one of its own: a message that no request asked for."""
    await process.wire.standalone_stream(state)
    await state.session.send_log_message(level="notice", data="the roots have changed", logger="everything")


# Method: handler, type of its request (1.x), of its parameters (2.x) and of its result.
# resources/unsubscribe is missing on purpose: the client uses it to see "Method not found".
METHODS: dict[str, tuple[Callable[[Call, Json], Awaitable[Json]], str, str, str]] = {
    "tools/list": (list_tools, "ListToolsRequest", "PaginatedRequestParams", "ListToolsResult"),
    "tools/call": (call_tool, "CallToolRequest", "CallToolRequestParams", "CallToolResult"),
    "resources/list": (list_resources, "ListResourcesRequest", "PaginatedRequestParams", "ListResourcesResult"),
    "resources/templates/list": (
        list_templates,
        "ListResourceTemplatesRequest",
        "PaginatedRequestParams",
        "ListResourceTemplatesResult",
    ),
    "resources/read": (read_resource, "ReadResourceRequest", "ReadResourceRequestParams", "ReadResourceResult"),
    "resources/subscribe": (subscribe, "SubscribeRequest", "SubscribeRequestParams", "EmptyResult"),
    "prompts/list": (list_prompts, "ListPromptsRequest", "PaginatedRequestParams", "ListPromptsResult"),
    "prompts/get": (get_prompt, "GetPromptRequest", "GetPromptRequestParams", "GetPromptResult"),
    "completion/complete": (complete, "CompleteRequest", "CompleteRequestParams", "CompleteResult"),
    "logging/setLevel": (set_level, "SetLevelRequest", "SetLevelRequestParams", "EmptyResult"),
}


def state_of(context: Any) -> State:
    """The state of the session that a request or, with SDK 2.x, a notification belongs to."""
    session_id: str | None = None
    if (request := context.request) is not None:
        session_id = request.headers.get("mcp-session-id") or request.query_params.get("session_id")
    state = current_state.get() if IS_V1 else process.state(session_id)
    state.id, state.session = session_id, context.session
    return state


def call_of(context: Any, params: Json) -> Call:
    token = params.get("_meta", {}).get("progressToken")
    return Call(context.session, state_of(context), context.request_id, token, context.close_sse_stream)


def register_v1(server: Any, method: str) -> None:
    handler, request_name, _, result_name = METHODS[method]
    result_type = getattr(types, result_name)

    async def handle(request: Any) -> Any:
        params = wire(request.params)
        result = await handler(call_of(server.request_context, params), params)
        return types.ServerResult(result_type.model_validate(result))

    server.request_handlers[getattr(types, request_name)] = handle


def register_v2(server: Any, method: str) -> None:
    handler, _, params_name, result_name = METHODS[method]
    result_type = getattr(types, result_name)

    async def handle(context: Any, request_params: Any) -> Any:
        params = wire(request_params)
        return result_type.model_validate(await handler(call_of(context, params), params))

    server.add_request_handler(method, getattr(types, params_name), handle)


@asynccontextmanager
async def lifespan(server: Any) -> AsyncIterator[dict[str, Any]]:
    """Entered once a session with SDK 1.x, and once a process with SDK 2.x."""
    if IS_V1:
        state = State(len(process.states) + 1)
        process.states[str(state.number)] = state
        current_state.set(state)
    yield {}


def make_server() -> Any:
    server: Any = Server("everything", version="1.0.0", instructions="Offers everything.", lifespan=lifespan)
    for method in METHODS:
        register_v1(server, method) if IS_V1 else register_v2(server, method)
    if IS_V1:
        server.notification_handlers[types.RootsListChangedNotification] = lambda notification: roots_changed(
            current_state.get()
        )
    else:
        server.add_notification_handler(
            "notifications/roots/list_changed",
            types.NotificationParams,
            lambda context, params: roots_changed(state_of(context)),
        )
    options = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
    initialization = server.create_initialization_options(options)
    # Over HTTP the SDK asks for the options itself, and for none in particular.
    server.create_initialization_options = lambda *arguments, **named: initialization
    return server


async def serve_stdio() -> None:
    server = make_server()
    async with stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", type=int, metavar="PORT")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sse", action="store_true")
    parser.add_argument("--until-end-of-input", action="store_true")
    parser.add_argument("--executions", type=argparse.FileType("a"), metavar="FILE")
    return parser


def prepare(arguments: argparse.Namespace) -> Any:
    """Sets this process up; returns the application to serve over HTTP, or None for stdio."""
    process.executions = arguments.executions
    # The SDK logs what handlers raise, with a traceback full of paths; standard error is part of a recording.
    logging.disable(logging.CRITICAL)
    if arguments.http is None:
        return None
    # A session over stdio need not wait for a web server to be loaded.
    import http_server

    if arguments.until_end_of_input:
        http_server.end_with_input()

    if arguments.sse:
        import sse_server

        process.wire = sse_server.SSEApplication(make_server())
        return process.wire
    application = http_server.Application(make_server(), answers_in_json=arguments.json)
    http_server.register(tool, application)
    process.wire = application
    return application


def main() -> None:
    arguments = parser().parse_args()
    application = prepare(arguments)
    if application is None:
        anyio.run(serve_stdio)
    else:
        anyio.run(application.serve, arguments.http)


if __name__ == "__main__":
    main()
