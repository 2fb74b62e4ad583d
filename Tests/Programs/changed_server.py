"""everything_server.py with one thing changed: what a verification has to find, that and nothing else.

    changed_server.py CHANGE [everything_server.py's own arguments]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import anyio

import everything_server as server


def replace(name: str, handler: Any) -> None:
    """Puts `handler(original, call, arguments)` in the place of a tool."""
    definition, original = server.tools[name]
    server.tools[name] = (definition, lambda call, arguments: handler(original, call, arguments))


async def add_wrongly(original: Any, call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    return server.text(str(arguments["a"] + arguments["b"] + 1))


async def no_error(original: Any, call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    return server.text("all is well") if arguments["code"] == 418 else await original(call, arguments)


async def out_of_order(original: Any, call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Of five reports of progress the second comes third."""
    if arguments["steps"] != 5:
        return await original(call, arguments)
    for step in (1, 3, 2, 4, 5):
        await call.report(step, 5, f"step {step} of 5")
    return server.text("5 steps done")


async def die(original: Any, call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    os._exit(7)


async def hang(original: Any, call: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    await anyio.sleep_forever()
    raise AssertionError


CHANGES: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "answer": lambda: replace("add", add_wrongly),
    # The last one, so that the pages of the list do not shift.
    "tool": lambda: server.tools.pop("contents"),
    "error": lambda: replace("protocol_error", no_error),
    "order": lambda: replace("progress", out_of_order),
    "dies": lambda: replace("add", die),
    "hangs": lambda: replace("add", hang),
}

if __name__ == "__main__":
    CHANGES[sys.argv.pop(1)]()
    server.main()
