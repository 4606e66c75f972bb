"""A verb takes the name of a projection, reaction or process as `leftfold projections` prints it, or shorter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Leftfold, Ran
from tests.cli.lending import APP, NEWER, fill
from tests.cli.savings import APP as ALONE
from tests.cli.savings import Worker

WATCH = "members/process:members.watch"


class Lending:
    """The command on the two stores, where somebody has borrowed a book."""

    def __init__(self, directory: Path, leftfold: Leftfold) -> None:
        self.url = f"sqlite:///{directory}/{{context}}.db"
        self._leftfold = leftfold
        fill(self.url)

    def run(self, *arguments: str, app: str = APP) -> Ran:
        """The command."""
        return self._leftfold(*arguments, "--app", app, "--store", self.url)

    def printed(self) -> list[str]:
        """Every name as it is printed."""
        return [line.split()[0] for line in self.run("projections").out.splitlines()[1:]]


@pytest.fixture
def lending(tmp_path: Path, leftfold: Leftfold) -> Lending:
    """Two letters are left: one of the loans, one of the slip."""
    return Lending(tmp_path, leftfold)


def test_what_is_printed_is_taken_by_every_verb(lending: Lending) -> None:
    names = lending.printed()
    assert names == [
        "library/loans@1.1",
        "library/slip",
        "library/process:library.lookout",
        "members/loans@1.1",
        f"{WATCH}<library",
        WATCH,
    ]
    for name in names:
        verb = ["rebuild", name, "--compare"] if "@" in name else ["reset", name, "--to", "end"]
        ran = lending.run(*verb)
        assert ran.code == 0, ran.err
        assert lending.run("dead-letters", "list", name).code == 0
        assert lending.run("dead-letters", "drop", "--all", name, "--timeout", "0.1").code != 2
        if "process:" in name:
            assert lending.run("processes", "list", name).code == 0
            assert lending.run("timers", name).code == 0


@pytest.mark.parametrize("name", ["library/loans", "library/loans@1", "library/loans@1.1"])
def test_a_projection_is_named_with_its_context_and_with_its_generation_or_without(lending: Lending, name: str) -> None:
    assert [one["subscription"] for one in lending.run("dead-letters", "list", name, "--json").lines] == ["loans@1.1"]
    assert lending.run("rebuild", name, "--json").lines == [{"projection": "loans", "generation": 2}]
    ran = lending.run("rebuild", name, "--compare")
    assert ran.code == (2 if name == "library/loans@1.1" else 0)


def test_a_generation_that_is_not_there_is_refused_and_those_that_are_there_are_told(lending: Lending) -> None:
    for verb in (["rebuild"], ["dead-letters", "list"]):
        ran = lending.run(*verb, "library/loans@1.7")
        assert (ran.code, ran.out) == (2, "")
        assert "'library/loans@1.7'; there is library/loans@1.1, members/loans@1.1" in ran.err


def test_the_letters_of_one_generation_are_those_of_no_other(lending: Lending) -> None:
    assert lending.run("rebuild", "library/loans", "--compare").code == 0
    found = {
        name: [one["subscription"] for one in lending.run("dead-letters", "list", name, "--json").lines]
        for name in ("library/loans@1.1", "library/loans@1.2", "library/loans")
    }
    assert list(found.values()) == [["loans@1.1"], ["loans@1.2"], ["loans@1.1", "loans@1.2"]]


def test_a_name_that_is_in_several_contexts_is_refused_and_they_are_told(lending: Lending) -> None:
    for verb in (["rebuild"], ["dead-letters", "list"], ["dead-letters", "replay", "--all"]):
        ran = lending.run(*verb, "loans")
        assert (ran.code, ran.out) == (2, "")
        assert "give one of library/loans, members/loans" in ran.err
    forgotten = lending.run("forget", "loans@1", app=NEWER)
    assert (forgotten.code, forgotten.out) == (2, "")
    assert "give one of library/loans@1, members/loans@1" in forgotten.err
    assert lending.run("forget", "loans@3", app=NEWER).err.endswith("left: library/loans@1, members/loans@1\n")
    assert lending.run("forget", "members/loans@1", "--json", app=NEWER).lines == [
        {"forgotten": "loans@1", "contexts": ["members"]}
    ]
    assert [one["context"] for one in lending.run("forget", "--json", app=NEWER).lines] == ["library"]


@pytest.mark.parametrize("name", ["lookout", "library.lookout", "process:library.lookout", "library/lookout"])
def test_a_process_is_named_by_less_than_all_that_is_printed(lending: Lending, name: str) -> None:
    ran = lending.run("reset", name, "--to", "end", "--json")
    assert ran.lines == [{"name": "process:library.lookout", "context": "library", "position": 1}]
    assert lending.run("dead-letters", "list", name).code == 0
    assert [one["process"] for one in lending.run("processes", "list", name, "--json").lines] == ["library.lookout"]


def test_of_a_process_that_follows_several_logs_one_is_reset(lending: Lending) -> None:
    ran = lending.run("reset", "watch", "--to", "end")
    assert (ran.code, ran.out) == (2, "")
    assert "give one of process:members.watch<library, process:members.watch\n" in ran.err
    for name in ("watch<library", "members.watch<library"):
        assert lending.run("reset", name, "--to", "end").out.startswith("process:members.watch<library goes on")
    assert lending.run("reset", "process:members.watch", "--to", "end").out.startswith("process:members.watch goes on")
    assert lending.run("dead-letters", "list", "watch").code == 0
    assert lending.run("processes", "list", "watch<nowhere").code == 2


def test_another_context_does_not_have_it(lending: Lending) -> None:
    for verb in (["dead-letters", "list"], ["reset", "--to", "end"]):
        for name in ("members/slip", "library/watch", "library/nothing"):
            ran = lending.run(*verb, name)
            assert (ran.code, ran.out) == (2, "")
            assert f"{name!r}; there is " in ran.err
    assert lending.run("processes", "list", "library/watch").code == 2


def test_letters_say_their_follower_as_it_is_printed(lending: Lending) -> None:
    printed, listed = lending.printed(), lending.run("dead-letters", "list").out.splitlines()[1:-1]
    followers = [line.split()[1] for line in listed]
    assert sorted(followers) == ["library/loans@1.1", "library/slip"]
    assert set(followers) <= set(printed)
    for line in listed:
        id, follower, *_ = line.split()
        assert f"not done by {follower} for" in lending.run("dead-letters", "show", id).out
        assert lending.run("dead-letters", "list", follower).out.splitlines()[1].startswith(id)


def test_a_letter_that_is_still_there_after_a_replay_says_its_follower_as_it_is_printed(lending: Lending) -> None:
    id = lending.run("dead-letters", "list", "slip").out.splitlines()[1].split()[0]
    with Worker(lending.url, app=APP):
        ran = lending.run("dead-letters", "replay", id)
    assert (ran.code, ran.out.splitlines()[1]) == (1, "1 still there:")
    assert ran.out.splitlines()[3].split()[:2] == [id, "library/slip"]


def test_a_projection_is_not_reset_whatever_it_is_called(lending: Lending) -> None:
    for name in ("library/loans", "library/loans@1.1", "loans"):
        ran = lending.run("reset", name, "--to", "end")
        assert (ran.code, ran.out) == (2, "")
        assert f"leftfold rebuild {name}" in ran.err


def test_an_app_of_one_context_is_told_without_it(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = leftfold("rebuild", "balancs", "--app", ALONE, "--store", sqlite)
    assert (ran.code, ran.err) == (2, "leftfold: there is no projection 'balancs'; there is balances\n")
    assert leftfold("rebuild", "savings/balances", "--app", ALONE, "--store", sqlite).code == 0
