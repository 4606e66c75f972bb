from __future__ import annotations

import asyncio
import getpass

import msgspec
import pytest

from leftfold.cli.listed import SAGAS, listed
from leftfold.cli.sagas_retried import Retried, retried_all
from tests.cli.command import Leftfold, Ran
from tests.cli.parcels import APP, BROKEN, LATER, MIGRATING, NONE, app, begun, carried_on


class _Step(msgspec.Struct):
    name: str
    status: str


class _Shown(msgspec.Struct):
    steps: list[_Step]


@pytest.fixture
def shelf(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store, of each kind, where parcel A is handed over for all we know, and nowhere is sent back."""
    return filled(url, monkeypatch)


@pytest.fixture
def corner(leftfold: Leftfold, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, of SQLite."""
    leftfold("migrate", "--store", sqlite)
    return filled(sqlite, monkeypatch)


def filled(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "hand_over")
        begun(url, "A", "nowhere")
    return url


def called(leftfold: Leftfold, url: str, *arguments: str, app: str = APP) -> Ran:
    return leftfold("sagas", *arguments, "--app", app, "--store", url)


def steps(ran: Ran) -> dict[str, str]:
    """What `show --json` says of the steps: name to status."""
    assert ran.code == 0, ran.err
    found = msgspec.json.decode(ran.out, type=_Shown).steps
    return {one.name: one.status for one in found}


def test_instances_are_listed_with_their_status_and_the_step_that_waits(leftfold: Leftfold, shelf: str) -> None:
    ran = called(leftfold, shelf, "list", "--json")
    assert [(one["saga"], one["id"], one["status"]) for one in ran.lines] == [
        ("parcels.Ship", "A", "stuck"),
        ("parcels.Ship", "nowhere", "compensated"),
    ]
    assert ran.lines[0]["fields"] == {"parcel": "A"}
    text = called(leftfold, shelf, "list").out
    assert "hand_over: RuntimeError: hand_over is broken" in text
    assert text.splitlines()[-1] == "2 instances"
    assert (
        called(leftfold, shelf, "list", "Ship", "--limit", "1").out.splitlines()[-1] == "2 instances, 1 of them listed"
    )


def test_the_stuck_one_unchanged_for_longest_is_listed_first_and_what_is_over_last(
    leftfold: Leftfold, corner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "mail")
        begun(corner, "C")
        begun(corner, "B")
    begun(corner, "AA")
    ran = called(leftfold, corner, "list", "--json")
    assert [one["id"] for one in ran.lines] == ["A", "C", "B", "AA", "nowhere"]
    ran = called(leftfold, corner, "list", "--status", "stuck", "--limit", "2", "--json")
    assert [one["id"] for one in ran.lines] == ["A", "C"]


async def test_one_that_ends_while_they_are_listed_is_listed_once(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "hand_over")
        await asyncio.to_thread(begun, sqlite, "A", "B")
    async with app.with_settings(store=sqlite, workers=True) as opened:
        told = listed(lambda statuses: opened.sagas.find(statuses=statuses), SAGAS, (), 100)
        first = await anext(told)
        await opened.sagas.retry("Ship", "A", who="ann", why="the van is back")
        assert (await opened.sagas.ended("Ship", "A")).status == "completed"
        rest = [one async for one in told]
    assert [(one.id, one.status) for one in (first, *rest)] == [("A", "stuck"), ("B", "stuck")]


def test_only_instances_of_a_status_are_listed(leftfold: Leftfold, corner: str) -> None:
    ran = called(leftfold, corner, "list", "parcels.Ship", "--status", "stuck", "--json")
    assert [one["id"] for one in ran.lines] == ["A"]
    assert called(leftfold, corner, "list", "--status", "running").out.splitlines()[-1] == "0 instances"
    both = called(leftfold, corner, "list", "--status", "stuck", "--status", "compensated", "--json")
    assert [one["id"] for one in both.lines] == ["A", "nowhere"]


def test_an_instance_is_shown_with_its_steps_tries_and_errors(leftfold: Leftfold, shelf: str) -> None:
    assert steps(called(leftfold, shelf, "show", "Ship", "A", "--json")) == {
        "pack": "done",
        "label": "done",
        "hand_over": "parked",
    }
    lines = called(leftfold, shelf, "show", "Ship", "A").out.splitlines()
    assert lines[0] == "parcels.Ship A  stuck"
    [packed] = [line for line in lines if line.startswith("pack")]
    assert packed.split()[1:4] == ["done", "1", "0"]
    assert packed.endswith('"box of A"')
    [parked] = [line for line in lines if line.startswith("hand_over")]
    assert parked.endswith("RuntimeError: hand_over is broken")
    text = called(leftfold, shelf, "show", "Ship", "nowhere").out
    assert "step 'label' was refused: " in text
    assert "NoAddress" in text


def test_what_a_person_decides_is_kept_with_who_and_why_and_carried_on(leftfold: Leftfold, shelf: str) -> None:
    ran = called(leftfold, shelf, "retry", "Ship", "A", "--why", "the van is back", "--json")
    assert (ran.code, ran.lines[0]["status"]) == (0, "running")
    [handed] = [line for line in called(leftfold, shelf, "show", "Ship", "A").out.splitlines() if "hand_over" in line]
    assert "again at once" in handed
    assert carried_on(shelf, "A").status == "completed"
    ran = called(leftfold, shelf, "show", "Ship", "A")
    assert ran.out.splitlines()[0] == "parcels.Ship A  completed"
    assert f"{getpass.getuser()}: retry, for 'the van is back'" in ran.out


def test_all_that_are_stuck_are_tried_again_each_with_who_and_why(
    leftfold: Leftfold, shelf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "mail")
        begun(shelf, "B")
    ran = called(leftfold, shelf, "retry", "--all", "--why", "the van is back", "--who", "ann")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split() for line in ran.out.splitlines()] == [
        ["saga", "id", "outcome"],
        ["parcels.Ship", "A", "tried", "again"],
        ["parcels.Ship", "B", "tried", "again"],
        ["2", "instances", "are", "tried", "again,", "0", "stay", "as", "they", "are"],
    ]
    for parcel in "AB":
        view = carried_on(shelf, parcel)
        assert view.status == "completed"
        assert [(one.who, one.verb, one.why) for one in view.interventions] == [("ann", "retry", "the van is back")]
    none = called(leftfold, shelf, "retry", "Ship", "--all", "--why", "again", "--json")
    assert (none.code, none.out) == (0, "")


def test_one_that_this_code_cannot_read_is_told_and_left_as_it_is(leftfold: Leftfold, corner: str) -> None:
    ran = called(leftfold, corner, "retry", "Ship", "--all", "--why", "again", "--json", app=LATER)
    reason = "no saga of this name and version is registered here"
    assert (ran.code, ran.lines) == (1, [{"saga": "parcels.Ship", "id": "A", "reason": reason}])
    assert called(leftfold, corner, "list", "--status", "stuck", "--json").lines[0]["interventions"] == []


async def test_one_that_somebody_else_has_dealt_with_meanwhile_is_told_and_the_others_are_tried(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "hand_over")
        await asyncio.to_thread(begun, url, "A", "B", "C")
    async with app.with_settings(store=url) as opened:
        told = retried_all(opened.sagas, None, who="ann", why="the van is back")
        assert await anext(told) == Retried(saga="parcels.Ship", id="A", reason=None)
        await opened.sagas.retry("Ship", "B", who="ben", why="I saw it")
        rest = [one async for one in told]
        assert [(one.id, one.reason) for one in rest] == [
            ("B", "somebody else has dealt with it meanwhile"),
            ("C", None),
        ]
        for parcel, who in zip("ABC", ("ann", "ben", "ann"), strict=True):
            assert [one.who for one in (await opened.sagas.show("Ship", parcel)).interventions] == [who]


def test_a_step_done_by_hand_is_resolved_with_what_it_returned(leftfold: Leftfold, corner: str) -> None:
    decide = ("resolve", "Ship", "A", "--why", "I did it", "--who", "ann", "--step", "hand_over")
    wrong = called(leftfold, corner, *decide, "--result", '"seven"')
    assert (wrong.code, wrong.out) == (1, "")
    assert "does not return" in wrong.err
    assert called(leftfold, corner, *decide, "--result", "9").code == 0
    view = carried_on(corner, "A")
    assert (view.status, bytes(view.steps[2].result)) == ("completed", b"9")
    assert [(one.who, one.verb, one.step, one.why) for one in view.interventions] == [
        ("ann", "resolve", "hand_over", "I did it")
    ]


def test_what_is_parked_behind_the_pivot_is_skipped(
    leftfold: Leftfold, corner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "mail")
        begun(corner, "B")
    assert called(leftfold, corner, "skip", "Ship", "B", "--why", "they know").code == 0
    assert carried_on(corner, "B").status == "completed"
    assert steps(called(leftfold, corner, "show", "Ship", "B", "--json"))["mail"] == "skipped"


def test_an_instance_is_aborted_and_undone_and_an_undo_that_fails_waits_for_a_person(
    leftfold: Leftfold, corner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert called(leftfold, corner, "abort", "Ship", "A", "--why", "no van", "--who", "ann").code == 0
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "unpack")
        assert carried_on(corner, "A").status == "stuck"
    assert "undo of pack: RuntimeError: unpack is broken" in called(leftfold, corner, "list").out
    text = called(leftfold, corner, "show", "Ship", "A").out
    assert "aborted by ann: no van" in text
    assert "RuntimeError: unpack is broken" in text
    assert called(leftfold, corner, "retry", "Ship", "A", "--why", "mended").code == 0
    assert carried_on(corner, "A").status == "compensated"


def test_what_does_not_fit_how_an_instance_stands_is_exit_code_1(leftfold: Leftfold, corner: str) -> None:
    ran = called(leftfold, corner, "retry", "Ship", "nowhere", "--why", "again")
    assert (ran.code, ran.out) == (1, "")
    assert "it has ended, and is compensated; nothing of it is parked" in ran.err
    missing = called(leftfold, corner, "show", "Ship", "B")
    assert (missing.code, missing.out) == (1, "")
    assert "parcels.Ship/B" in missing.err


def test_a_check_finds_instances_that_this_code_cannot_carry_on(leftfold: Leftfold, corner: str) -> None:
    assert called(leftfold, corner, "check") == (0, "0 findings\n", "")
    ran = called(leftfold, corner, "check", "--json", app=LATER)
    assert ran.code == 1
    assert [(one["saga"], one["version"], one["count"]) for one in ran.lines] == [("parcels.Ship", 1, 1)]
    text = called(leftfold, corner, "check", app=LATER)
    assert text.code == 1
    assert "keep its class until they have ended" in text.out
    assert text.out.splitlines()[-1] == "1 finding"


def test_an_instance_of_a_definition_that_is_gone_is_shown_with_what_is_wrong(leftfold: Leftfold, corner: str) -> None:
    ran = called(leftfold, corner, "show", "Ship", "A", app=LATER)
    assert ran.code == 0
    assert "no saga of this name and version is registered here" in ran.out
    assert called(leftfold, corner, "list", "--json", app=LATER).lines[0]["status"] == "stuck"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["look"],
        ["list", "Nothing"],
        ["list", "Ship", "A"],
        ["list", "--status", "lost"],
        ["list", "--status", "[]"],
        ["list", "--status", '["stuck"]'],
        ["list", "--why", "so"],
        ["show", "Ship"],
        ["show", "Ship", "A", "--limit", "3"],
        ["retry", "Ship", "A"],
        ["retry", "Ship", "A", "--why", " "],
        ["skip", "Ship", "--why", "so"],
        ["skip", "Ship", "A", "--why", "so", "--result", "1"],
        ["resolve", "Ship", "A", "--why", "so", "--result", "{"],
        ["resolve", "Ship", "A", "--why", "so", "--result", "[" * 5000 + "]" * 5000],
        ["abort", "Ship", "A", "--why", "so", "--step", "pack"],
        ["check", "Ship"],
        ["retry", "--all"],
        ["retry", "Ship", "A", "--all", "--why", "so"],
        ["retry", "--all", "--step", "mail", "--why", "so"],
        ["retry", "Nothing", "--all", "--why", "so"],
        ["skip", "--all", "--why", "so"],
        ["show", "--all"],
        ["forget"],
        ["forget", "Ship", "A", "--days", "1"],
        ["forget", "--days", "-1"],
        ["list", "--days", "1"],
    ],
)
def test_a_wrong_command_line_is_exit_code_2(leftfold: Leftfold, corner: str, arguments: list[str]) -> None:
    ran = called(leftfold, corner, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_an_app_without_sagas_says_so(leftfold: Leftfold, corner: str) -> None:
    ran = called(leftfold, corner, "list", app=NONE)
    assert (ran.code, ran.err) == (2, "leftfold: this app has no sagas\n")


def test_who_decides_has_to_be_known(leftfold: Leftfold, corner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr(getpass, "getuser", nobody)
    ran = called(leftfold, corner, "retry", "Ship", "A", "--why", "again")
    assert (ran.code, ran.out) == (2, "")
    assert "--who" in ran.err


def test_instances_are_brought_to_a_newer_version_on_request(leftfold: Leftfold, corner: str) -> None:
    tried = called(leftfold, corner, "migrate", "Ship", "--try-only", "--json", app=MIGRATING)
    assert tried.code == 0, tried.err
    assert tried.lines == [{"saga": "parcels.Ship", "id": "A", "old": 1, "new": 2, "reason": None}]
    assert "1 instance is migrated" in called(leftfold, corner, "migrate", "Ship", app=MIGRATING).out
    shown = called(leftfold, corner, "show", "Ship", "A", "--json", app=LATER)
    assert shown.lines[0]["version"] == 2
    assert called(leftfold, corner, "migrate", "Ship", "--json", app=MIGRATING).lines == []
    assert called(leftfold, corner, "migrate", app=MIGRATING).code == 2
    assert called(leftfold, corner, "list", "--try-only", app=MIGRATING).code == 2


def test_what_ended_long_ago_is_forgotten_on_request(leftfold: Leftfold, shelf: str) -> None:
    assert called(leftfold, shelf, "forget", "--days", "1").out == "0 instances are forgotten\n"
    tried = called(leftfold, shelf, "forget", "Ship", "--days", "0", "--try-only", "--json")
    assert tried.code == 0, tried.err
    assert [(one["id"], one["status"]) for one in tried.lines] == [("nowhere", "compensated")]
    begun(shelf, "B", "C")
    ran = called(leftfold, shelf, "forget", "--days", "0")
    assert (ran.code, [line.split() for line in ran.out.splitlines()]) == (
        0,
        [
            ["saga", "status", "instances"],
            ["parcels.Ship", "compensated", "1"],
            ["parcels.Ship", "completed", "2"],
            ["3", "instances", "are", "forgotten"],
        ],
    )
    assert [one["id"] for one in called(leftfold, shelf, "list", "--json").lines] == ["A"]
