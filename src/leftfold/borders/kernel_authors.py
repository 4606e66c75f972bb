"""Who committed each approval, as git tells it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from leftfold.borders.kernel_lock import lock_places

__all__ = ["NOBODY_ASKED", "Authors", "approval_authors", "own_address"]

_Key: TypeAlias = tuple[str, str]
_BEGIN: Final = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)( \d+)?$")
_AT: Final = -3
_DIGEST: Final = -1
"""Lines from the last one of an approval."""


class Authors(Struct, frozen=True):
    """Who committed approvals.

    Args:
        known: addresses by kernel and team: of who committed its time, and of who committed its digest.
        unknown: why there is nobody for the others; empty when nobody was looked for.
        severity: how bad that is.
    """

    known: Mapping[_Key, tuple[str, ...]]
    unknown: str = ""
    severity: Literal["note", "warning"] = "note"


NOBODY_ASKED: Final = Authors({})
"""Nobody was looked for, and nothing is held against anybody."""


def approval_authors(lock: Path) -> Authors:
    """Ask git who committed each approval of the lock at *lock*.

    It is the author of the commit that last changed the line of its time, and of the one that last changed its digest.
    An approval that is not committed yet has none; nor has any where there is no git, no checkout, or one without its
    history, in which git would name whoever made the oldest commit that it has.
    """
    shallow = _git(lock.parent, "rev-parse", "--is-shallow-repository")
    if shallow is None:
        return Authors({}, "there is no git checkout here")
    if shallow.strip() == "true":
        return Authors({}, "the checkout has no history; fetch all of it, with depth 0", "warning")
    # A list of commits to pass over, in the settings, would let others answer for them.
    blamed = _git(lock.parent, "blame", "--ignore-revs-file=", "--line-porcelain", "--", lock.name)
    if blamed is None:
        return Authors({}, "it is not committed yet")
    try:
        text = lock.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # whoever reads the lock says so
        return Authors({}, "the lock cannot be read")
    commits = dict(_commits(blamed))
    addresses = _addresses(lock.parent, set(commits.values()))
    found: dict[_Key, tuple[str, ...]] = {}
    for key, number in lock_places(text).items():
        both = [addresses.get(commits.get(number + offset, ""), "") for offset in (_AT, _DIGEST)]
        if key[1] and all(both):
            found[key] = tuple(both)
    return Authors(found, "it is not committed yet")


def own_address(folder: Path) -> str:
    """The address that git knows whoever works in *folder* by; empty when it knows none."""
    return (_git(folder, "config", "user.email") or "").strip()


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None when it fails, or is not here."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return None
    return None if ran.returncode else ran.stdout.decode(errors="replace")


def _commits(blamed: str) -> Iterator[tuple[int, str]]:
    """Number of each line and its commit; lines that are not committed are left out."""
    for line in blamed.split("\n"):
        found = _BEGIN.match(line)
        if found and found[1].strip("0"):
            yield int(found[2]), found[1]


def _addresses(folder: Path, commits: Iterable[str]) -> Mapping[str, str]:
    """The address of the author of each commit, as it was committed: a file of other names in the tree is not asked."""
    told = _git(folder, "show", "-s", "--format=%H %ae", *sorted(commits)) or ""
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in told.split("\n")}
