"""One private PostgreSQL server."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from leftfold.errors import LeftfoldError
from leftfold.testing.postgres.account import Account, choose_account
from leftfold.testing.postgres.binaries import find_binaries

__all__ = ["PostgresServer", "ServerFailed", "postgres_server"]

_START_S = 60.0
_POLL_S = 0.005
_PORT_TRIES = 5
_PR_SET_PDEATHSIG = 1


class ServerFailed(LeftfoldError):
    """A private PostgreSQL did not start, or refused a statement; the message has its own words."""


class PostgresServer:
    """A server of our own: `fsync` on, loopback only, every connection trusted. Made by `postgres_server`.

    Args:
        directory: where data and log are kept.
        settings: server settings beside the defaults, by name.
    """

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._settings = settings
        self._account: Account = choose_account()
        self._account.own(directory)
        self._binaries = self._account.reachable(find_binaries(), directory)
        self._process: subprocess.Popen[bytes] | None = None
        self.port: int = 0
        """The loopback port, 0 before the first start; kept over restarts."""

    def url(self, database: str = "postgres") -> str:
        """The URL of *database*; options may be added after a `?`."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a UTF8 database, as a copy of *template* if one is named, and return its URL."""
        self.execute(f'create database "{name}"' + (f' template "{template}"' if template else ""))
        return self.url(name)

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Run *sql* as superuser and return its rows as text, columns parted by `|`."""
        command = [str(self._binaries / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-f", "-"]
        done = subprocess.run(command, input=sql.encode(), capture_output=True, check=False)
        if done.returncode != 0:
            raise ServerFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout.decode().strip()

    def kill_backends(self, database: str | None = None) -> int:
        """End every client connection but our own, or those to *database*; returns how many."""
        where = f" and datname = '{database}'" if database else ""
        return int(
            self.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                f"where backend_type = 'client backend' and pid <> pg_backend_pid(){where}"
            )
        )

    def start(self) -> None:
        """Start the server and return when it accepts connections.

        Raises:
            ServerFailed: it ended or did not answer in a minute; the message has the end of its log.
        """
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        for _ in range(_PORT_TRIES):
            self.port = self.port or _free_port()
            self._process = self._launch()
            if self._wait_ready(self._process):
                return
            self._process = None
            if "could not bind" not in self.log():
                break
            self.port = 0
        raise ServerFailed(f"PostgreSQL in {self._binaries} did not start:\n{self.log()}")

    def stop(self) -> None:
        """End the server; clients are disconnected, data is flushed."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End the server at once, without a checkpoint; the next start recovers from the log."""
        self._end(signal.SIGQUIT)

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def log(self) -> str:
        """The last lines of the server's log."""
        path = self._directory / "log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-20:]) if path.exists() else ""

    def _initialise(self) -> None:
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", "postgres", "-A", "trust", "--no-sync"]
        done = subprocess.run(
            [*self._account.prefix, *command, "--encoding=UTF8", "--locale=C"],
            capture_output=True,
            check=False,
            cwd=self._directory,
            user=self._account.number,
            group=self._account.number,
        )
        if done.returncode != 0:
            raise ServerFailed(f"initdb failed: {done.stderr.decode(errors='replace').strip()}")

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self._settings}
        command = [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self._directory / "log").open("ab") as log:
            return subprocess.Popen(
                [*self._account.prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid()),
                user=self._account.number,
                group=self._account.number,
            )

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> bool:
        pid_file = self._data / "postmaster.pid"
        end = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < end:
            lines = pid_file.read_text().splitlines() if pid_file.exists() else []
            if len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(_POLL_S)
        process.kill()
        process.wait()
        return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


@contextmanager
def postgres_server(
    *, settings: Mapping[str, str] | None = None, directory: Path | None = None
) -> Generator[PostgresServer]:
    """Start a private PostgreSQL for a `with` block, and end it whatever happens inside.

    It also ends when the thread that started it ends, so start it from one that lives as long as the server shall.

    Args:
        settings: server settings, such as `{"commit_delay": "2000"}`.
        directory: keep the data here and do not remove it; a temporary one is made and removed when left out.

    Raises:
        PostgresNotInstalled: no programs on this machine.
        ServerFailed: it did not start.
    """
    home = Path(directory) if directory else Path(tempfile.mkdtemp(prefix="leftfold-postgres-"))
    home.mkdir(parents=True, exist_ok=True)
    try:
        server = PostgresServer(home.resolve(), settings or {})
        try:
            server.start()
            yield server
        finally:
            if directory is None:
                server.crash()  # nothing of it is kept, so nothing has to be flushed
            else:
                server.stop()
    finally:
        if directory is None:
            shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """What a child runs before its program so that SIGINT reaches it when *parent* dies; None where not possible.

    Args:
        parent: process id of the parent, to notice when it died before the child asked.

    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return ask
