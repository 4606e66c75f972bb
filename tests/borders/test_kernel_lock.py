from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from leftfold.borders import (
    Approval,
    InvalidKernelFile,
    LockedKernel,
    dump_kernel_lock,
    kernel_changes,
    load_kernel_lock,
    read_kernel_lock,
)
from leftfold.borders.kernel_contents import state_digest
from leftfold.borders.kernel_lock import lock_places

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TIMES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
STATES = st.dictionaries(TEXT, st.sampled_from(["sha256:1", "sha256:2"]), max_size=4)


@st.composite
def locked_kernels(draw: st.DrawFn) -> LockedKernel:
    """What is locked of a kernel, in itself sound."""
    states = {state_digest(state): state for state in draw(st.lists(STATES, min_size=1, max_size=3))}
    digests = st.sampled_from(sorted(states))
    digest, agreed = draw(digests), draw(st.one_of(st.just(""), digests))
    changes = kernel_changes(states[agreed], states[digest]) if agreed else ()
    teams = sorted(draw(st.sets(TEXT.filter(bool), max_size=3)))
    approvals = tuple(Approval(team, draw(TEXT), draw(TIMES), draw(digests)) for team in teams)
    named = {digest, agreed, *(approval.digest for approval in approvals)}
    kept = {name: state for name, state in states.items() if name in named}
    return LockedKernel(digest, agreed, tuple(map(str, changes)), approvals, kept)


LOCKS = st.dictionaries(TEXT, locked_kernels(), max_size=3)


@given(lock=LOCKS)
def test_a_lock_reads_back_as_it_was_written(lock: dict[str, LockedKernel]) -> None:
    text = dump_kernel_lock(lock)
    assert load_kernel_lock(text, "kernel.lock") == lock
    assert dump_kernel_lock(load_kernel_lock(text, "kernel.lock")) == text


@given(lock=LOCKS)
def test_places_are_where_kernels_and_approvals_are(lock: dict[str, LockedKernel]) -> None:
    lines = dump_kernel_lock(lock).split("\n")
    places = lock_places("\n".join(lines))
    approvals = {(name, one.team) for name, kernel in lock.items() for one in kernel.approvals}
    assert places.keys() == {(name, "") for name in lock} | approvals
    for (_, team), number in places.items():
        assert lines[number - 1].strip().startswith('"team": ' if team else '"')


@given(lock=LOCKS, data=st.data())
def test_a_lock_of_which_one_line_is_lost_twice_there_or_another_is_refused(
    lock: dict[str, LockedKernel], data: st.DataObject
) -> None:
    lines = dump_kernel_lock(lock).split("\n")
    at = data.draw(st.integers(0, len(lines) - 2))
    put = data.draw(st.sampled_from([[], [lines[at]] * 2, [f"{lines[at]} "], [lines[at].replace('"', "'")]]))
    broken = "\n".join([*lines[:at], *put, *lines[at + 1 :]])
    assume(broken != "\n".join(lines))
    with pytest.raises(InvalidKernelFile) as caught:
        load_kernel_lock(broken, "kernel.lock")
    assert 1 <= caught.value.line <= len(lines) + 1
    assert str(caught.value).startswith(f"kernel.lock:{caught.value.line}: ")


DIGESTS = [state_digest({"k:f": "1"}), state_digest({"k:f": "2"})]
WHEN = datetime(2026, 3, 1, tzinfo=UTC)


def locked(*teams: str, digest: int = 1) -> LockedKernel:
    approvals = tuple(Approval(team, f"{team}@example.org", WHEN, DIGESTS[digest]) for team in teams)
    states = {DIGESTS[0]: {"k:f": "1"}, DIGESTS[1]: {"k:f": "2"}}
    return LockedKernel(DIGESTS[1], DIGESTS[0], ("changed k:f",), approvals, states)


def refused(text: str) -> InvalidKernelFile:
    with pytest.raises(InvalidKernelFile) as caught:
        load_kernel_lock(text, "kernel.lock")
    return caught.value


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base"])
def test_markers_of_a_merge_are_named_with_their_line(marker: str) -> None:
    lines = dump_kernel_lock({"money": locked("a")}).split("\n")
    error = refused("\n".join([*lines[:4], marker, *lines[4:]]))
    assert (error.line, "approve again" in error.reason) == (5, True)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"by": "a@example.org"', '"by": 7', '"by"'),
        ('"at": "2026-03-01T00:00:00Z"', '"at": "2026-03-01T00:00:00"', '"at"'),
        ('"at": "2026-03-01T00:00:00Z"', '"at": "2026-03-01T00:00:00+00:00"', '"at"'),
        ('"team": "b"', '"team": "a"', '"approvals"'),
        ('"k:f": "1"', '"k:f": "3"', f'"{DIGESTS[0]}": {{'),
        ('"changed k:f"', '"changed k:g"', '"changes"'),
        (f'"agreed": "{DIGESTS[0]}"', '"agreed": "sha256:0"', '"agreed"'),
        (f'"digest": "{DIGESTS[1]}",\n    "states"', '"digest": "sha256:0",\n    "states"', '"sha256:0"'),
        ('"agreed":', '"agrees":', None),
        ('"changes": [', '"changes": {', None),
    ],
)
def test_what_was_changed_by_hand_is_named_with_its_line(old: str, new: str, place: str | None) -> None:
    text = dump_kernel_lock({"money": locked("a", "b")})
    assert old in text
    broken = text.replace(old, new, 1)
    error = refused(broken)
    if place is not None:
        assert place in broken.split("\n")[error.line - 1]


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"money": 1}', "[" * 100_000, "\ufeff{}\n", "{}"])
def test_what_is_no_lock_is_refused(text: str) -> None:
    assert "committed" in refused(text).reason


def test_a_file_that_is_not_there_locks_nothing_and_one_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert read_kernel_lock(tmp_path / "kernel.lock") == {}
    (tmp_path / "kernel.lock").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidKernelFile, match="UTF-8"):
        read_kernel_lock(tmp_path / "kernel.lock")


def test_a_state_that_a_team_approved_is_missed_and_one_that_nobody_names_any_more_is_not() -> None:
    kernel = locked("a", "b", digest=0)
    lines = dump_kernel_lock({"money": replace(kernel, agreed="", changes=())}).split("\n")
    at = lines.index(f'      "{DIGESTS[0]}": {{')
    broken = [*lines[:at], *lines[at + 3 :]]
    error = refused("\n".join(broken))
    assert "a state that was approved is not here" in error.reason
    assert DIGESTS[0] in broken[error.line - 1]
    merged = replace(locked("a", "b"), agreed="", changes=())
    assert load_kernel_lock(dump_kernel_lock({"money": merged}), "kernel.lock") == {"money": merged}


def test_line_ends_of_windows_are_those_of_git_and_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "kernel.lock").write_bytes(dump_kernel_lock({"m": locked("a")}).replace("\n", "\r\n").encode())
    assert read_kernel_lock(tmp_path / "kernel.lock") == {"m": locked("a")}


def test_approvals_that_two_teams_give_on_branches_of_their_own_merge_without_a_conflict(tmp_path: Path) -> None:
    base = locked("a", "b", digest=0)

    def approved(team: str) -> LockedKernel:
        given = [
            replace(one, digest=DIGESTS[1], at=WHEN + timedelta(1)) if one.team == team else one
            for one in base.approvals
        ]
        return replace(base, approvals=tuple(given))

    for name, kernel in (("base", base), ("one", approved("a")), ("other", approved("b"))):
        (tmp_path / name).write_text(dump_kernel_lock({"money": kernel}))
    command = ["git", "merge-file", "--stdout", "one", "base", "other"]
    merged = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert load_kernel_lock(merged, "merged")["money"].approved_by(["a", "b"])


def test_only_approvals_for_what_is_locked_count() -> None:
    assert locked("a", "b").approved_by(["a", "b"])
    assert not locked("a").approved_by(["a", "b"])
    assert not locked("a", "b", digest=0).approved_by(["a"])
    assert locked("a").agreed_state(["a"]) == {"k:f": "2"}
    assert locked("a").agreed_state(["a", "b"]) == {"k:f": "1"}
    assert replace(locked("a"), agreed="").agreed_state(["b"]) is None
