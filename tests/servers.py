"""Servers that tests use: started once a test process, on free loopback ports, ended with it.

A test directory takes part by importing the fixtures into its `conftest.py`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema
from leftfold.testing.postgres import PostgresNotInstalled, PostgresServer, postgres_server
from leftfold.testing.postgres.account import choose_account
from tests.conftest import leave_out
from tests.reusing import Shelf

__all__ = [
    "bare_url",
    "database",
    "lone_url",
    "migrated",
    "pgbouncer",
    "pgbouncer_before",
    "postgres",
    "reused",
    "store_url",
]

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A private PostgreSQL."""
    try:
        with postgres_server() as server:
            yield server
    except PostgresNotInstalled as missing:
        leave_out(str(missing))


@pytest.fixture(scope="session")
def database(postgres: PostgresServer) -> str:
    """The URL of a database that many tests share, each with a schema of its own."""
    return postgres.create_database("shared")


@pytest.fixture
def bare_url(database: str) -> str:
    """The URL of a store that has no schema yet."""
    return f"{database}?schema=s{next(_numbers)}&deadline_s=20"


@pytest.fixture(scope="session")
def reused(postgres: PostgresServer) -> Iterator[Shelf]:
    """Stores to be used again, in a database of their own."""
    shelf = Shelf(postgres.create_database("reused"))
    yield shelf
    shelf.close()


@pytest.fixture
def store_url(reused: Shelf) -> Iterator[str]:
    """The URL of an empty store, which others may have used before."""
    url = reused.take()
    yield url
    reused.put_back(url)


@pytest.fixture
def lone_url(postgres: PostgresServer, migrated: str) -> str:
    """The URL of an empty store in a database of its own."""
    return postgres.create_database(f"lone{next(_numbers)}", template=migrated)


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """The name of a database with an empty store, to be copied."""
    url = postgres.create_database("migrated")
    postgres.execute(PostgresSchema(PostgresLocation.parse(url)).script(), "migrated")
    return "migrated"


@pytest.fixture(scope="session")
def pgbouncer(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a PgBouncer in transaction mode, with two server connections to any database of `postgres`."""
    with pgbouncer_before(postgres, tmp_path_factory.mktemp("pgbouncer")) as port:
        yield port


@contextmanager
def pgbouncer_before(postgres: PostgresServer, path: Path, settings: str = "") -> Generator[int]:
    """Run a PgBouncer like `pgbouncer`, with more *settings*, a line each, and give its port."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if program is None:
        leave_out("pgbouncer is not installed; it is the system's package `pgbouncer`")
    port = free_port()
    file = path / "pgbouncer.ini"
    file.write_text(
        f"[databases]\n* = host=127.0.0.1 port={postgres.port} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 200\n{settings}"
    )
    account = choose_account()
    process = subprocess.Popen(
        [*account.prefix, program, "-q", str(file)],
        user=account.number,
        group=account.number,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when *process* answers on *port*; fail when it has ended or does not within 20 s."""
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    pytest.fail(f"{process.args!r} does not answer on port {port} (exit code {process.poll()})")
