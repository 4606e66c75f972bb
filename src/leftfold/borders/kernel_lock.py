"""The lock of shared kernels: which state of each was approved, by whom and when, in a file that is committed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from leftfold.borders.kernel_changes import kernel_changes
from leftfold.borders.kernel_contents import state_digest
from leftfold.borders.kernel_errors import InvalidKernelFile

__all__ = [
    "Approval",
    "KernelLock",
    "LockedKernel",
    "dump_kernel_lock",
    "load_kernel_lock",
    "lock_places",
    "read_kernel_lock",
]

_CONFLICT: Final = re.compile(r"(<{7}|\|{7}|={7}|>{7})( |$)")
_FIELD: Final = re.compile(r"\.(\w+)(?=\W*$)")
_KERNEL: Final = re.compile(r'  ("(?:[^"\\]|\\.)*"): \{$')
_TEAM: Final = re.compile(r'        "team": ("(?:[^"\\]|\\.)*")$')
_FIRST_FACT: Final = '        "at": '
_FACTS: Final = 4
_INDEX: Final = re.compile(r"\[(\d+)\]")


class Approval(Struct, frozen=True, forbid_unknown_fields=True):
    """A team's word that it can live with a state of a kernel.

    Args:
        team: whose word.
        by: address of the person who gave it.
        at: when, in UTC.
        digest: of the state.
    """

    team: str
    by: str
    at: Annotated[datetime, Meta(tz=True)]
    digest: str


class LockedKernel(Struct, frozen=True, forbid_unknown_fields=True):
    """What is locked of one kernel.

    Args:
        digest: of the state that was approved last.
        agreed: of the last state that all teams have approved, as far as whoever approved last could see; empty when
            there is none.
        changes: how the state that is locked differs from the one that all had approved before it, a few words each.
        approvals: the latest of each team, by team. One for another digest counts for nothing, and tells what its team
            has seen.
        states: by digest, the digest of each element. Kept are the one that is locked, and those that `agreed` and
            approvals name.
    """

    digest: str
    agreed: str
    changes: tuple[str, ...]
    approvals: tuple[Approval, ...]
    states: Mapping[str, Mapping[str, str]]

    @property
    def by_team(self) -> Mapping[str, Approval]:
        """The approvals, by team."""
        return {approval.team: approval for approval in self.approvals}

    def approved_by(self, teams: Iterable[str]) -> bool:
        """Whether each of *teams* has approved the state that is locked."""
        given = self.by_team
        return all(team in given and given[team].digest == self.digest for team in teams)

    def agreed_state(self, teams: Iterable[str]) -> Mapping[str, str] | None:
        """The last state that all of *teams* have approved, digests by element; None when there is none."""
        return self.states.get(self.digest if self.approved_by(teams) else self.agreed)


_Place: TypeAlias = tuple[str, str]
KernelLock: TypeAlias = Mapping[str, LockedKernel]
"""What is locked, by name of the kernel."""


def dump_kernel_lock(lock: KernelLock) -> str:
    """Write *lock* as text to commit: sorted JSON, a line an element and a line a fact about an approval.

    Approvals of two teams, each given on a branch of its own, merge without a conflict when neither is the first of its
    team.
    """
    return msgspec.json.format(msgspec.json.encode(lock, order="sorted"), indent=2).decode() + "\n"


def load_kernel_lock(text: str, path: str) -> KernelLock:
    """Read what `dump_kernel_lock` wrote.

    Args:
        text: of the file.
        path: of the file, for what is wrong with it.

    Raises:
        InvalidKernelFile: it has conflict markers, is no such lock, was edited by hand, or a state is not the one that
            its digest stands for.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if _CONFLICT.match(line):
            raise InvalidKernelFile(path, number, "a merge left its markers; take either side, and approve again")
    try:
        lock = msgspec.json.decode(text, type=dict[str, LockedKernel])
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidKernelFile(path, _line_of(str(error), lines), f"{error}; take the committed file back") from error
    except ValueError as error:
        raise InvalidKernelFile(path, _line_of_syntax(text), f"{error}; take the committed file back") from error
    for number, (had, due) in enumerate(zip_longest(lines, dump_kernel_lock(lock).split("\n")), 1):
        if had != due:
            reason = "it is not as it was written, so a merge or a hand has changed it; take the committed file back"
            raise InvalidKernelFile(path, number, reason)
    for name, kernel in lock.items():
        _check(name, kernel, lines, path)
    return lock


def read_kernel_lock(path: Path | str) -> KernelLock:
    """The lock in a file; an empty one when there is no such file. See `load_kernel_lock`."""
    try:
        return load_kernel_lock(Path(path).read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise InvalidKernelFile(str(path), 1, "it is not UTF-8; take the committed file back") from error


def lock_places(text: str) -> Mapping[_Place, int]:
    """Where things are in the text of a lock, as numbers of lines counted from 1.

    Returns:
        By name of the kernel and of the team, the last line of the approval; by name of the kernel and an empty one,
        where the kernel begins. The lines of an approval are at, by, digest, team.
    """
    found: dict[_Place, int] = {}
    kernel, lines = "", text.split("\n")
    for number, line in enumerate(lines, 1):
        if opened := _KERNEL.match(line):
            kernel = json.loads(opened[1])
            found[kernel, ""] = number
        elif (closed := _TEAM.match(line)) and lines[number - _FACTS].startswith(_FIRST_FACT):
            found[kernel, json.loads(closed[1])] = number
    return found


def _check(name: str, kernel: LockedKernel, lines: list[str], path: str) -> None:
    """Raise `InvalidKernelFile` when *kernel* is not in itself sound."""

    def check(holds: bool, text: str, reason: str) -> None:  # noqa: FBT001 - read as a sentence
        if not holds:
            number = next((number for number, line in enumerate(lines, 1) if text in line), 1)
            raise InvalidKernelFile(path, number, f"kernel {name!r}: {reason}; take the committed file back")

    states = kernel.states
    check(kernel.digest in states, f'"digest": "{kernel.digest}"', "the state that is locked is not here")
    check(kernel.agreed in {"", *states}, f'"agreed": "{kernel.agreed}"', "the state that was agreed on is not here")
    for approval in kernel.approvals:  # more than these may be here, where a merge put two approvals together
        check(approval.digest in states, f'"digest": "{approval.digest}"', "a state that was approved is not here")
    for digest, state in states.items():
        check(state_digest(state) == digest, f'"{digest}": {{', f"these are not the elements of {digest:.19}")
    teams = [approval.team for approval in kernel.approvals]
    check(teams == sorted(set(teams)), '"approvals": [', "approvals are one a team, sorted by team")
    if kernel.agreed not in {"", kernel.digest}:
        changes = kernel_changes(states[kernel.agreed], states[kernel.digest])
        check(kernel.changes == tuple(map(str, changes)), '"changes": [', "these are not the changes")


def _line_of(error: str, lines: list[str]) -> int:
    """The line of the field that an error of msgspec ends with, as near as its path tells."""
    where = error.rpartition("`$")[2]
    field, index = _FIELD.search(where), _INDEX.search(where)
    if field is None:
        return 1
    numbers = [number for number, line in enumerate(lines, 1) if line.lstrip().startswith(f'"{field[1]}":')]
    nth = int(index[1]) if index and index.start() < field.start() else 0
    return numbers[min(nth, len(numbers) - 1)] if numbers else 1


def _line_of_syntax(text: str) -> int:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    return 1
