"""An MCP client that runs a named script against a server and writes down all that it sees.

    everything_client.py --transcript FILE [--script NAME] [--directory DIRECTORY] -- COMMAND ARGUMENTS...
    everything_client.py --transcript FILE [--script NAME] --url URL
        [--sse | [--token TOKEN | --oauth METHOD] [--secrets FILE]]
    everything_client.py --jobs

The transcript is JSON Lines with sorted keys in ASCII: what goes in depends on what the server sends and on the
script, never on time or chance. A server that is started gets the whole environment, and DIRECTORY as its working
directory. One at a URL is spoken to over the transport of 2024-11-05 with --sse, else over Streamable HTTP: with TOKEN
as the bearer token, or logging in by OAuth as a client that authenticates with METHOD (`client_secret_post`,
`client_secret_basic`). What secrets went over the wire is written to the FILE of --secrets.
With --jobs it runs one session after the other: each line of standard input is the arguments of one, a JSON array, and
is answered by a line on standard output when the session is over: null, or why its script did not run to the end.
Exit code: 0 the script ran to its end, 1 it did not (the reason is on standard error), 2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import anyio

from client_session import Client, Transcript, connect, connect_by_first_transport, connect_to
from oauth_client import Authorization, Secrets
from sdk_version import SDK_VERSION
from session_scripts import SCRIPTS

SESSION_SECONDS = 60
# The SDK waits up to six seconds for a server that does not end; what takes longer hangs outside the event loop.
PROCESS_SECONDS = SESSION_SECONDS + 15


async def run(arguments: argparse.Namespace, transcript: Transcript) -> None:
    with anyio.fail_after(SESSION_SECONDS):
        async with session(arguments, transcript) as client:
            await SCRIPTS[arguments.script](client)


@asynccontextmanager
async def session(arguments: argparse.Namespace, transcript: Transcript) -> AsyncIterator[Client]:
    if arguments.url is None:
        async with connect(arguments.command, arguments.directory, transcript) as client:
            yield client
        return
    if arguments.sse:
        async with connect_by_first_transport(arguments.url, transcript) as client:
            yield client
        return
    secrets = Secrets(arguments.secrets)
    options: dict[str, Any] = {"event_hooks": secrets.hooks}
    authorization: Authorization | None = None
    if arguments.oauth is not None:
        authorization = Authorization(arguments.url, transcript, secrets, arguments.oauth)
        options["auth"] = authorization.provider
    if arguments.token is not None:
        options["headers"] = {"Authorization": f"Bearer {arguments.token}"}
    async with connect_to(arguments.url, transcript, **options) as client:
        if authorization is not None:
            client.expire_token = authorization.expire
        yield client


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
    url = "--url URL [--sse | [--token TOKEN | --oauth METHOD] [--secrets FILE]]"
    usage = f"%(prog)s --transcript FILE [--script NAME] ({url} | [--directory DIRECTORY] -- COMMAND...)"
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("--transcript", required=True)
    parser.add_argument("--script", default="full", choices=sorted(SCRIPTS))
    parser.add_argument("--directory")
    parser.add_argument("--url")
    parser.add_argument("--sse", action="store_true")
    parser.add_argument("--token")
    parser.add_argument("--oauth", choices=["client_secret_post", "client_secret_basic"])
    parser.add_argument("--secrets", type=argparse.FileType("w"))
    arguments = parser.parse_args(argv[:end])
    arguments.command = argv[end + 1 :]
    if bool(arguments.command) == bool(arguments.url):
        parser.error("either a URL or a server COMMAND after --")
    return arguments


def give_up() -> NoReturn:
    print(f"everything_client: still not done after {PROCESS_SECONDS} s, giving up", file=sys.stderr, flush=True)
    os._exit(1)


def perform(arguments: argparse.Namespace) -> str | None:
    """Runs a script; returns why it did not come to its end, or None if it did."""
    watchdog = threading.Timer(PROCESS_SECONDS, give_up)
    watchdog.daemon = True
    watchdog.start()
    with open(arguments.transcript, "w", encoding="ascii", newline="\n") as file:
        transcript = Transcript(file, has_streams=arguments.url is not None)
        try:
            anyio.run(run, arguments, transcript)
        except Exception as error:
            whose = f"everything_client (SDK {SDK_VERSION}, {arguments.script})"
            return "\n".join(f"{whose}: {reason(leaf)}" for leaf in leaves(error))
        finally:
            transcript.finish()
            watchdog.cancel()
    return None


def main() -> int:
    if sys.argv[1:] == ["--jobs"]:
        for line in sys.stdin:
            print(json.dumps(perform(parse(json.loads(line)))), flush=True)
        return 0
    failure = perform(parse(sys.argv[1:]))
    if failure is not None:
        print(failure, file=sys.stderr)
    return 0 if failure is None else 1


if __name__ == "__main__":
    sys.exit(main())
