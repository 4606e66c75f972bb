"""A log that was restored from an older copy, and who followed it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.cli.chain import APP, REMEMBERED, app, fill
from tests.cli.command import Leftfold, Ran

PROCESS = "process:remembering.recall<selling"


class Chain:
    """Two stores, what was remembered, and the command on them."""

    def __init__(self, directory: Path, leftfold: Leftfold) -> None:
        self.url = f"sqlite:///{directory}/{{context}}.db"
        self.directory = directory
        self._leftfold = leftfold

    @property
    def remembered(self) -> list[str]:
        """What the reaction was run for, in order."""
        return (self.directory / "remembered.txt").read_text().split()

    def restore(self) -> None:
        """Put the copy of the first log back."""
        shutil.copy(self.directory / "copy.db", self.directory / "selling.db")

    def run(self, *arguments: str) -> Ran:
        """The command."""
        return self._leftfold(*arguments, "--app", APP, "--store", self.url)

    def position(self, name: str) -> object:
        """Where a follower is."""
        return next(one["position"] for one in self.run("projections", "--json").lines if one["name"] == name)


@pytest.fixture
def chain(tmp_path: Path, leftfold: Leftfold, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A log that ends at position 1, restored; what follows it is at position 3."""
    monkeypatch.setenv(REMEMBERED, str(tmp_path / "remembered.txt"))
    made = Chain(tmp_path, leftfold)
    fill(made.url, "pen")
    shutil.copy(tmp_path / "selling.db", tmp_path / "copy.db")
    fill(made.url, "ink", "cap")
    made.restore()
    assert [made.position(name) for name in ("remember", PROCESS)] == [3, 3]
    return made


def test_at_the_end_a_reaction_goes_on_with_what_comes_next(chain: Chain) -> None:
    said = "remember goes on with the events after position 1\n"
    assert chain.run("reset", "remember", "--to", "end") == (0, said, "")
    assert chain.run("reset", PROCESS, "--to", "end", "--json").lines == [
        {"name": PROCESS, "context": "remembering", "position": 1}
    ]
    assert [chain.position(name) for name in ("remember", PROCESS)] == [1, 1]
    fill(chain.url, "jar")
    assert chain.remembered == ["pen", "ink", "cap", "jar"]


def test_at_the_start_a_reaction_runs_for_every_event_again(chain: Chain) -> None:
    assert chain.run("reset", PROCESS, "--to", "end").code == 0
    assert chain.run("reset", "remember", "--to", "start").out == "remember begins again with the first event\n"
    assert chain.position("remember") == 0
    fill(chain.url, "jar")
    assert chain.remembered == ["pen", "ink", "cap", "pen", "jar"]


def test_what_sends_commands_does_not_begin_again(chain: Chain) -> None:
    ran = chain.run("reset", PROCESS, "--to", "start")
    assert (ran.code, ran.out) == (2, "")
    assert "--to end" in ran.err
    assert chain.position(PROCESS) == 3


def test_while_a_worker_runs_nothing_is_reset(chain: Chain) -> None:
    async def work() -> Ran:
        async with app.with_settings(store=chain.url, workers=True) as opened:
            while not any(one.held for one in await opened.running("remembering").store.checkpoints("leftfold/")):
                await asyncio.sleep(0.01)
            return await asyncio.to_thread(chain.run, "reset", "remember", "--to", "end")

    ran = asyncio.run(work())
    assert (ran.code, ran.out) == (1, "")
    assert "stop the workers first" in ran.err
    assert chain.position("remember") == 3


def test_a_name_that_is_none_is_told_with_those_that_are(chain: Chain) -> None:
    ran = chain.run("reset", "remembr", "--to", "end")
    assert (ran.code, ran.out) == (2, "")
    assert "remember" in ran.err


def test_a_mismatch_names_the_way_out(chain: Chain) -> None:
    async def work() -> str:
        async with app.with_settings(store=chain.url, workers=True) as opened:
            while True:
                notes = [note for lag in await opened.monitor.lags() for note in lag.notes if lag.name == "remember"]
                if notes:
                    return notes[0]
                await asyncio.sleep(0.01)

    assert "`leftfold reset`" in asyncio.run(work())
    told = [line for line in chain.run("projections").out.splitlines() if "`leftfold reset`" in line]
    assert any(line.startswith("remembering/remember: ") for line in told)


def test_what_follows_an_imported_log_does_nothing_of_it_again_when_told_so(
    chain: Chain, tmp_path: Path, leftfold: Leftfold
) -> None:
    (tmp_path / "moved").mkdir()
    moved = Chain(tmp_path / "moved", leftfold)
    file = str(tmp_path / "log.jsonl")
    runs = [
        leftfold("export", file, "--context", "selling", "--store", chain.url),
        moved.run("migrate"),
        leftfold("import", file, "--context", "selling", "--store", moved.url),
        *(moved.run("reset", name, "--to", "end") for name in ("remember", PROCESS)),
    ]
    assert [ran.code for ran in runs] == [0] * 5, runs
    before = chain.remembered
    fill(moved.url, "nib")
    assert chain.remembered == [*before, "nib"]
