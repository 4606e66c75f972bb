"""What a new version owes the versions before it, and where it does not keep that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum, unique
from typing import Literal, TypeAlias, cast

from msgspec import Struct
from msgspec.structs import replace

from leftfold.errors import DefinitionError
from leftfold.schemas.comparing import problems
from leftfold.schemas.rules import Rule
from leftfold.schemas.verdict import Breaking, Unknown
from leftfold.schemas.versions import Tombstones, Version, tombstones

__all__ = ["Compatibility", "Direction", "Finding", "Ruled", "check"]

Direction: TypeAlias = Literal["backward", "forward", "both"]
"""Which way two versions do not fit: a newer reader of older messages, an older reader of newer ones, or each way."""


@unique
class Compatibility(StrEnum):
    """What a new version of a message must fit.

    *Backward*: whoever reads the new version reads what was written in an old one, so readers are upgraded first;
    stored events need it. *Forward*: whoever reads an old version reads what is written in the new one, so writers are
    upgraded first; published events need it. *Full*: both. *Transitive*: not only the last version, but every one
    that is supported; otherwise a third version may break with the first although each fits the one before it.
    """

    NONE = "none"
    BACKWARD = "backward"
    BACKWARD_TRANSITIVE = "backward-transitive"
    FORWARD = "forward"
    FORWARD_TRANSITIVE = "forward-transitive"
    FULL = "full"
    FULL_TRANSITIVE = "full-transitive"

    @property
    def is_backward(self) -> bool:
        """Whether a newer reader must take what an older writer may write."""
        return self.value.startswith(("backward", "full"))

    @property
    def is_forward(self) -> bool:
        """Whether an older reader must take what a newer writer may write."""
        return self.value.startswith(("forward", "full"))

    @property
    def is_transitive(self) -> bool:
        """Whether every older version counts, not just the last one."""
        return self.value.endswith("-transitive")


class Ruled(Struct, frozen=True, kw_only=True):
    """A break that no document can show: it was declared, or a name has had another meaning.

    Args:
        path: as in `Breaking`.
        reason: why, for whoever reads the finding.
    """

    rule: Rule
    path: str
    reason: str


class Finding(Struct, frozen=True, kw_only=True):
    """A way in which a new version does not fit an older one.

    Args:
        new: name of the new version.
        old: name of the older version that it was compared with.
        direction: which way they do not fit.
        problem: what is in the way. The rule of a break names the change from the older version to the new one.
    """

    new: str
    old: str
    direction: Direction
    problem: Breaking | Ruled | Unknown

    def __str__(self) -> str:
        place = self.problem.path or "the message itself"
        where = f"{self.new} against {self.old}, {self.direction}, at {place}"
        match self.problem:
            case Breaking(rule=rule, witness=witness, renamed=renamed):
                hint = "" if renamed is None else f", which looks like a renaming with {renamed!r}"
                told = f"{_reader(self)} refuses {witness!r:.300}"
                return f"{where}: {rule}{hint}. {told}. Undo it, or make it a new message"
            case Ruled(rule=rule, reason=reason):
                return f"{where}: {rule}: {reason}"
            case Unknown(keyword=keyword):
                return f"{where}: it cannot be decided because of {keyword!r}. Say it more simply, or take the risk"


def check(
    mode: Compatibility, new: Version, olds: Sequence[Version], removed: Tombstones | None = None
) -> tuple[Finding, ...]:
    """Find out whether *new* keeps what *mode* promises to the versions before it.

    Whatever the mode, a property that was removed must not come back with another type: somewhere there are messages
    and readers that mean the old one by it.

    Args:
        mode: what is promised.
        new: the version to be released.
        olds: the released versions that are still supported, oldest first; none for a first version.
        removed: properties that still older versions had, from `tombstones`.

    Returns:
        All that is in the way, by older version, last one first; empty if and only if the promise is kept. What could
        not be decided is in it too, and is no smaller a reason to stop.

    Raises:
        InvalidSchema: a schema is malformed.
        DefinitionError: *mode* is none.
    """
    if not isinstance(cast("object", mode), Compatibility):
        raise DefinitionError(f"mode={mode!r:.80} is no Compatibility; give one, as in Compatibility.FULL")
    reused = _reused(new, olds, removed or {})
    compared = list(enumerate(olds)) if mode.is_transitive else list(enumerate(olds))[-1:]
    if mode is Compatibility.NONE:
        compared = []
    found = (
        finding
        for index, old in reversed(compared)
        for finding in (*_between(mode, new, old), *_declared(new, old, (*olds[index + 1 :], new)))
    )
    return (*found, *reused)


def _between(mode: Compatibility, new: Version, old: Version) -> Iterator[Finding]:
    if mode.is_backward:
        for problem in problems(old.writer, new.reader):
            yield Finding(new=new.name, old=old.name, direction="backward", problem=problem)
    if mode.is_forward:
        for problem in problems(new.writer, old.reader):
            told = replace(problem, rule=problem.rule.mirror) if isinstance(problem, Breaking) else problem
            yield Finding(new=new.name, old=old.name, direction="forward", problem=told)


def _declared(new: Version, old: Version, since: Sequence[Version]) -> Iterator[Finding]:
    for version in since:
        if version.semantic_break is not None:
            reason = f"version {version.name} was declared to mean something else: {version.semantic_break}"
            problem = Ruled(rule=Rule.SEMANTIC_BREAK, path="", reason=reason)
            yield Finding(new=new.name, old=old.name, direction="both", problem=problem)


def _reused(new: Version, olds: Sequence[Version], removed: Tombstones) -> Iterator[Finding]:
    last: Mapping[str, str] = olds[-1].digests if olds else {}
    for path, digest in tombstones(olds, removed).items():
        now = new.digests.get(path)
        if now is not None and now != digest and last.get(path) != now:
            reason = "a property of this name was removed and had another type; take another name"
            problem = Ruled(rule=Rule.REMOVED_NAME_REUSED, path=path, reason=reason)
            yield Finding(new=new.name, old=_last_with(path, olds), direction="both", problem=problem)


def _last_with(path: str, olds: Sequence[Version]) -> str:
    return next((old.name for old in reversed(olds) if path in old.digests), "an older version")


def _reader(finding: Finding) -> str:
    return f"A reader of {finding.old if finding.direction == 'forward' else finding.new}"
