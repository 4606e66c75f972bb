"""Disks that are full, read-only or broken: a typed error, nothing half stored, and everything goes on afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from leftfold.store import ToStream
from tests.adapters.sqlite.appending import Outcome, grown
from tests.adapters.sqlite.opened import event, opened, url_of
from tests.conftest import ROOT, LeftOut

Run = Callable[..., Outcome]


def _append(prefix: Sequence[str], *arguments: str) -> Outcome:
    command = [*prefix, sys.executable, "-m", "tests.adapters.sqlite.appending", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Outcome)


@pytest.fixture
def mounted(tmp_path: Path, left_out: LeftOut) -> Run:
    """Appends in a process of its own, after shell commands that mount something at `disk`, seen by nobody else."""
    (tmp_path / "disk").mkdir()
    private = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*private, "true"], check=False).returncode != 0:
        left_out("private mounts are not allowed: `unshare --user --mount` fails")

    def run(mount: str, *arguments: str) -> Outcome:
        script = f'cd "{tmp_path}" && {mount} && cd "{ROOT}" && exec "$@"'
        return _append([*private, "sh", "-ec", script, "sh"], *arguments)

    return run


@pytest.fixture
def failing(left_out: LeftOut) -> Run:
    """Appends in a process of its own, in which flushes fail as strace is told."""
    if shutil.which("strace") is None:
        left_out("strace is not installed")

    def run(when: str, *arguments: str) -> Outcome:
        calls = "fsync,fdatasync"
        fault = f"inject={calls}:error=EIO:when={when}"
        return _append(["strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", fault], *arguments)

    return run


async def test_a_full_disk_is_said_so_stores_nothing_of_the_append_and_works_again_with_space(
    mounted: Run, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    fill = "mount -t tmpfs -o size=1M none disk && head -c 400000 /dev/zero > disk/filler"
    outcome = mounted(fill, url_of(disk / "store.db", deadline_s=5), str(disk / "filler"))
    assert outcome.error == "StoreFull", outcome.message
    assert str(disk / "store.db") in outcome.message
    assert "free some space" in outcome.message
    assert 0 < outcome.acknowledged < 100
    assert outcome.head == outcome.acknowledged
    assert outcome.again
    assert outcome.head_then == outcome.acknowledged + 2


async def test_a_disk_too_full_to_make_a_store_is_said_so(mounted: Run, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    fill = "mount -t tmpfs -o size=64k none disk && head -c 60000 /dev/zero > disk/filler"
    outcome = mounted(fill, url_of(disk / "store.db", deadline_s=5))
    assert outcome.error in {"StoreFull", "StoreUnavailable"}, outcome
    assert str(disk / "store.db") in outcome.message


async def test_a_disk_too_full_to_open_a_store_is_said_so(mounted: Run, tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")):
        pass
    fill = "mount -t tmpfs -o size=200k none disk && cp store.db disk && { cat /dev/zero > disk/filler || true; }"
    outcome = mounted(fill, url_of(tmp_path / "disk" / "store.db", deadline_s=5))
    assert (outcome.error, "free some space" in outcome.message) == ("StoreFull", True), outcome


async def test_a_store_on_a_read_only_disk_is_said_so(mounted: Run, tmp_path: Path) -> None:
    path = tmp_path / "disk" / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]))
    outcome = mounted("mount --bind disk disk && mount -o remount,bind,ro disk", url_of(path, deadline_s=5))
    assert outcome.error == "StoreUnavailable", outcome
    assert str(path) in outcome.message
    assert "let this process write its directory" in outcome.message
    assert outcome.acknowledged == 0
    async with opened(url_of(path)) as store:
        assert await store.head() == 1


async def test_a_flush_that_fails_for_a_while_is_tried_again_and_the_caller_notices_nothing(
    failing: Run, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)):
        pass
    outcome = failing("2..5", url_of(path, deadline_s=30))
    assert (outcome.error, outcome.acknowledged, outcome.head) == ("", 200, 200)
    async with opened(url_of(path)) as store:
        versions = [stored.version for stored in await store.read_stream("a-1")]
    assert versions == list(range(1, 201))


async def test_a_flush_that_fails_past_the_deadline_leaves_the_outcome_unknown_and_sending_again_settles_it(
    failing: Run, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)):
        pass
    outcome = failing("4+", url_of(path, deadline_s=0.4))
    assert outcome.error == "OutcomeUnknown", outcome
    assert str(outcome.refused[0]) in outcome.message
    assert "Append the same events with the same ids again" in outcome.message
    async with opened(url_of(path)) as store:
        before = await store.head()
        assert before in (outcome.acknowledged, outcome.acknowledged + 2)
        appended = await store.append(grown(outcome.refused))
        assert appended.repeated == (before > outcome.acknowledged)
        assert (appended.position, await store.head()) == (outcome.acknowledged + 2, outcome.acknowledged + 2)
