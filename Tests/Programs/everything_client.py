"""An MCP client that runs a named script against a stdio server and writes down all that it sees.

    everything_client.py --transcript FILE [--script NAME] [--directory DIRECTORY] -- COMMAND ARGUMENTS...

The transcript is JSON Lines with sorted keys in ASCII: what goes in depends on what the server sends and on the
script, never on time or chance. The server gets the whole environment, and DIRECTORY as its working directory.
Exit code: 0 the script ran to its end, 1 it did not (the reason is on standard error), 2 usage.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from typing import NoReturn

import anyio

from client_session import Transcript, connect
from sdk_version import SDK_VERSION
from session_scripts import SCRIPTS

SESSION_SECONDS = 60
# The SDK waits up to six seconds for a server that does not end; what takes longer hangs outside the event loop.
PROCESS_SECONDS = SESSION_SECONDS + 15


async def run(arguments: argparse.Namespace, transcript: Transcript) -> None:
    with anyio.fail_after(SESSION_SECONDS):
        async with connect(arguments.command, arguments.directory, transcript) as client:
            await SCRIPTS[arguments.script](client)


def leaves(error: BaseException) -> list[BaseException]:
    """The exceptions in nested groups: task groups wrap what went wrong in layers of them."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


def reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"not done after {SESSION_SECONDS} s; the transcript ends where it hung"
    if isinstance(error, anyio.BrokenResourceError | anyio.ClosedResourceError):
        return "the server has ended or closed its pipes"
    return f"{type(error).__name__}: {error}"


def parse(argv: list[str]) -> argparse.Namespace:
    end = argv.index("--") if "--" in argv else len(argv)
    usage = "%(prog)s --transcript FILE [--script NAME] [--directory DIRECTORY] -- COMMAND ARGUMENTS..."
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("--transcript", required=True)
    parser.add_argument("--script", default="full", choices=sorted(SCRIPTS))
    parser.add_argument("--directory")
    arguments = parser.parse_args(argv[:end])
    arguments.command = argv[end + 1 :]
    if not arguments.command:
        parser.error("no server COMMAND after --")
    return arguments


def give_up() -> NoReturn:
    print(f"everything_client: still not done after {PROCESS_SECONDS} s, giving up", file=sys.stderr, flush=True)
    os._exit(1)


def main() -> int:
    arguments = parse(sys.argv[1:])
    watchdog = threading.Timer(PROCESS_SECONDS, give_up)
    watchdog.daemon = True
    watchdog.start()
    with open(arguments.transcript, "w", encoding="ascii", newline="\n") as file:
        try:
            anyio.run(run, arguments, Transcript(file))
        except Exception as error:
            for leaf in leaves(error):
                print(f"everything_client (SDK {SDK_VERSION}, {arguments.script}): {reason(leaf)}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
