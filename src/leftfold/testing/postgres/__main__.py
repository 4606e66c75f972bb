"""`python -m leftfold.testing.postgres [--keep DIR] -- COMMAND ...`: run COMMAND beside a private PostgreSQL."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema
from leftfold.errors import LeftfoldError
from leftfold.testing.postgres.server import PostgresServer, postgres_server

_DATABASE = "leftfold"
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _Stopped(BaseException):
    """A signal arrived while no command was running."""

    def __init__(self, number: int) -> None:
        self.number = number


class _Launch:
    """Runs one command and hands every signal on to it."""

    def __init__(self) -> None:
        self._command: subprocess.Popen[bytes] | None = None
        for number in _FORWARDED:
            signal.signal(number, self._received)

    def run(self, command: Sequence[str], store: str) -> int:
        """Run *command* with the store's URL in its environment and return its exit code."""
        try:
            self._command = subprocess.Popen(command, env={**os.environ, "LEFTFOLD_STORE": store})
        except OSError as error:
            print(f"cannot run {command[0]!r}: {error.strerror}", file=sys.stderr)
            return 127
        code = self._command.wait()
        return 128 - code if code < 0 else code

    def _received(self, number: int, _frame: FrameType | None) -> None:
        if self._command is None:
            raise _Stopped(number)
        typed = number == signal.SIGINT and sys.stdin.isatty()  # the terminal has sent it to the command as well
        if not typed and self._command.poll() is None:
            self._command.send_signal(number)


def _arguments(arguments: Sequence[str]) -> tuple[Path | None, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m leftfold.testing.postgres",
        description="Start a private PostgreSQL with a migrated store, run COMMAND with LEFTFOLD_STORE set to its URL, "
        "end the server, and exit as COMMAND did.",
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the data in DIR and use it again next time")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    chosen = parser.parse_args(arguments)
    keep: Path | None = chosen.keep
    command: list[str] = chosen.command
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        parser.error("give a command, as in: python -m leftfold.testing.postgres -- pytest")
    return keep, command


def _prepare(server: PostgresServer) -> str:
    if not server.execute(f"select 1 from pg_database where datname = '{_DATABASE}'"):
        server.create_database(_DATABASE)
    url = server.url(_DATABASE)
    asyncio.run(PostgresSchema(PostgresLocation.parse(url)).migrate())
    return url


def main(arguments: Sequence[str]) -> int:
    """Run the launcher; returns its exit code."""
    keep, command = _arguments(arguments)
    launch = _Launch()
    try:
        with postgres_server(directory=keep) as server:
            return launch.run(command, _prepare(server))
    except LeftfoldError as error:
        print(error, file=sys.stderr)
        return 1
    except _Stopped as stopped:
        return 128 + stopped.number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
