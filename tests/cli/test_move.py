"""An app of two contexts moves to other stores, and goes on there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli import savings
from tests.cli.chain import APP, REMEMBERED, fill
from tests.cli.command import Leftfold, Ran, command, event, record, stored
from tests.conftest import ROOT, LeftOut


class Move:
    """Two stores that were filled, where they go to, and the command."""

    def __init__(self, directory: Path, leftfold: Leftfold) -> None:
        self.old = f"sqlite:///{directory}/{{context}}.db"
        self.new = f"sqlite:///{directory}/new-{{context}}.db"
        self._directory = directory
        self._leftfold = leftfold

    @property
    def remembered(self) -> list[str]:
        """What the reaction was run for, in order."""
        return (self._directory / "remembered.txt").read_text().split()

    def run(self, *arguments: str) -> Ran:
        """The command, with the app and the old stores."""
        return self._leftfold(*arguments, "--app", APP, "--store", self.old)

    def migrate(self) -> None:
        """Make the new stores."""
        assert self._leftfold("migrate", "--store", self.new, "--app", APP).code == 0


@pytest.fixture
def moving(tmp_path: Path, leftfold: Leftfold, monkeypatch: pytest.MonkeyPatch) -> Move:
    monkeypatch.setenv(REMEMBERED, str(tmp_path / "remembered.txt"))
    made = Move(tmp_path, leftfold)
    fill(made.old, "pen", "ink")
    return made


def test_an_app_goes_on_in_the_stores_that_it_was_moved_to(moving: Move) -> None:
    before = moving.remembered
    moving.migrate()
    ran = moving.run("move", "--to", moving.new)
    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines()] == [
        ["context", "events", "followers", "letters", "answers", "work"],
        ["selling", "2", "0", "0", "0", "0"],
        ["remembering", "0", "2", "0", "0", "2"],
    ]
    assert "Run workers on the new store only" in ran.err
    again = moving.run("move", "--json", "--to", moving.new)
    assert [(line["context"], line["events"]) for line in again.lines] == [("selling", 2), ("remembering", 0)]
    fill(moving.new, "cap")
    assert (before, moving.remembered[len(before) :]) == (["pen", "ink"], ["cap"])


def test_what_cannot_be_moved_is_said_and_nothing_is_made(moving: Move, tmp_path: Path, leftfold: Leftfold) -> None:
    missing = moving.run("move", "--to", moving.new)
    assert missing.code == 1
    assert "new-selling.db; give another one, or make it: leftfold migrate" in missing.err
    assert not list(tmp_path.glob("new-*.db"))
    for to, reason in (
        (moving.old, "--to names the store that is moved"),
        (f"sqlite:///{tmp_path}/one.db", "put {context} into it"),
        ("memory:", "schema"),
    ):
        ran = moving.run("move", "--to", to)
        assert (ran.code, ran.out) == (2, "")
        assert reason in ran.err
    ran = leftfold("move", "--to", moving.new, "--store", moving.old)
    assert (ran.code, "which app?" in ran.err) == (2, True)


def test_a_move_to_a_disk_that_fills_up_says_what_is_stored_and_goes_on_with_space(
    leftfold: Leftfold, sqlite: str, tmp_path: Path, left_out: LeftOut
) -> None:
    private = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*private, "true"], check=False).returncode != 0:
        left_out("private mounts are not allowed: `unshare --user --mount` fails")
    leftfold("migrate", "--store", sqlite)
    record(sqlite, ("x-1", [event(data=f'{{"text": "{"x" * 500}"}}') for _ in range(2000)]))
    (tmp_path / "disk").mkdir()
    new = f"sqlite:///{tmp_path}/new.db"
    leftfold("migrate", "--store", new, "--app", savings.APP)
    kept = "cp disk/new.db* . && rm -f new.db-shm"
    filled = f'mount -t tmpfs -o size=1500k none disk && cp new.db disk && (cd "{ROOT}" && "$@" || echo $?) && {kept}'
    moving = command("move", "--app", savings.APP, "--store", sqlite, "--to", f"sqlite:///{tmp_path}/disk/new.db")
    ran = subprocess.run(
        [*private, "sh", "-ec", filled, "sh", *moving], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    here = len(stored(new))
    assert 0 < here < 2000
    assert ran.stdout == "3\n"
    assert f"{here:,} of 2,000 events were moved, and are stored; run the same again" in ran.stderr
    assert leftfold("move", "--app", savings.APP, "--store", sqlite, "--to", new).code == 0
    assert len(stored(new)) == 2000
