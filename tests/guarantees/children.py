"""Child processes that do the work, and what they write back, line by line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from tests.faults.planting import plant_from_environment

__all__ = ["LIFETIME_S", "Child", "begin_child", "begin_together", "say", "stopped"]

T = TypeVar("T")
ROOT: Final = Path(__file__).resolve().parents[2]

LIFETIME_S: Final = 540
"""Seconds after which a child ends itself, so that nothing hangs."""


class Child:
    """A Python process running a module of ours; it is killed at the end of a `with` block.

    Args:
        module: of `tests.guarantees`.
        arguments: for it.
        prefix: a program that runs it, such as strace.
    """

    def __init__(
        self, module: str, *arguments: str, prefix: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", f"tests.guarantees.{module}", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **(environment or {})},
        )

        self._lines: Queue[bytes | None] = Queue()
        self._drain = Thread(target=self._read, daemon=True)
        self._drain.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def tell(self, line: str) -> None:
        """Send one line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, kind: type[T]) -> T:
        """Wait for the next line and read it as *kind*."""
        line = self._lines.get()
        if line is None:
            raise AssertionError(f"the child ended with {self.process.wait()}")
        return msgspec.json.decode(line, type=kind)

    def finish(self, kind: type[T], *, stop: bool = False) -> list[T]:
        """The rest of what it writes until it ends well.

        Args:
            kind: what each line is read as.
            stop: tell it to end, by closing its input.
        """
        if stop and self.process.stdin is not None:
            self.process.stdin.close()
        lines = self._rest()
        assert self.process.wait() == 0, f"the child ended with {self.process.returncode}"
        return [msgspec.json.decode(line, type=kind) for line in lines]

    def kill(self) -> list[bytes]:
        """Send SIGKILL, and return the whole lines it had written that were not heard yet."""
        if self.process.returncode is not None:
            return []
        self.process.send_signal(signal.SIGKILL)
        lines = self._rest()
        self.process.wait()
        return lines

    def _rest(self) -> list[bytes]:
        self._drain.join()
        lines = iter(self._lines.get, None)
        return list(lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                if line.endswith(b"\n"):
                    self._lines.put(line)
        self._lines.put(None)


def begin_together(children: Sequence[Child]) -> None:
    """Wait until each has said that it is ready, then let all begin."""
    for child in children:
        child.hear(dict[str, object])
    for child in children:
        child.tell("begin")


def begin_child() -> None:
    """What every child does first: bound its own life, and plant the fault it was told to plant."""
    signal.alarm(LIFETIME_S)
    plant_from_environment(child=True)


def say(line: object) -> None:
    """Write one line to the parent in one step."""
    os.write(1, msgspec.json.encode(line) + b"\n")


def stopped() -> bool:
    """Whether the parent has closed our input or is gone."""
    os.set_blocking(0, False)
    try:
        return os.read(0, 4096) == b""
    except BlockingIOError:
        return False
