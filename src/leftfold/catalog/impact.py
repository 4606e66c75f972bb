"""What a change leads to: who is hit, who is not, along which path, and who has to agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from leftfold.borders.uses import Origin
from leftfold.catalog.catalog import Taken

__all__ = ["Approval", "Basis", "Change", "Evidence", "Hit", "Impact", "Outcome", "Spared", "evidence_of"]

Change: TypeAlias = Literal["remove", "rename", "type", "meaning", "add"]
"""What is done: *type* is another type or form, *meaning* another unit or sense in the same form, *add* is new."""

Outcome: TypeAlias = Literal["affected", "absorbed", "deferred", "unknown"]
"""*absorbed* in an anti-corruption layer, which has to change; *deferred* while an older version is served; *unknown*
when nobody says what happens there, as behind a big ball of mud."""

Basis: TypeAlias = Literal["event", "relation", "kernel"]
"""What the hit is known by: an event that is taken, or only a relation, or a kernel that is shared."""

_WORST: tuple[Outcome, ...] = ("affected", "absorbed", "deferred", "unknown")


class Approval(Struct, frozen=True, order=True):
    """A team that has to agree to the change.

    Args:
        team: empty when nobody says who answers for the context.
        context: the one that is concerned.
        because: of what.
    """

    team: str
    context: str
    because: Literal["veto", "partnership", "shared-kernel"]


class Evidence(Struct, frozen=True, order=True, omit_defaults=True):
    """How a hit is known.

    Args:
        kind: somebody says so, code was read, or it was seen.
        place: where it is declared, or where code says it.
        last_seen: when it was seen last.
    """

    kind: Origin
    place: str = ""
    last_seen: str = ""


class Hit(Struct, frozen=True, kw_only=True):
    """One handler, or one context, that a change reaches.

    Args:
        context: whose.
        team: who answers for it; empty when nobody says.
        registered: whether anybody describes the context.
        outcome: what becomes of it.
        basis: what it is known by.
        direct: whether it takes what is changed itself.
        path: from what is changed to here, a shortest one, and of these the first by letters.
        event: what it takes; empty when it is known by a relation.
        handler: what takes it; empty when nobody says.
        reads: fields that it reads of the event, as JSON pointers; None when all.
        until: the day from which nothing that it reads is served any more; empty when none is set.
        module: when absorbed, where it is translated.
        open: what it leads to is not declared, so there may be more behind it.
        approvals: who has to agree.
        evidence: how it is known.
    """

    context: str
    team: str
    registered: bool
    outcome: Outcome
    basis: Basis
    direct: bool
    path: tuple[str, ...]
    event: str = ""
    handler: str = ""
    reads: tuple[str, ...] | None = None
    until: str = ""
    module: str = ""
    open: bool = False
    approvals: tuple[Approval, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Spared(Struct, frozen=True, kw_only=True, order=True):
    """Somebody who takes what is changed, or relates to who changes it, and is not hit.

    Args:
        context: who.
        reason: why not.
        event: what it takes.
        handler: what takes it.
    """

    context: str
    reason: str
    event: str = ""
    handler: str = ""


class Impact(Struct, frozen=True, kw_only=True):
    """What a change leads to.

    Args:
        subject: what is changed.
        change: what is done.
        hits: nearest first.
        unaffected: who could have been hit and is not, by name.
    """

    subject: str
    change: Change
    hits: tuple[Hit, ...]
    unaffected: tuple[Spared, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Contexts that have to do something, now or later, nearest first, each once."""
        return _each_once(hit.context for hit in self.hits if hit.outcome != "unknown")

    @property
    def registered(self) -> tuple[str, ...]:
        """Those of `names` that somebody describes."""
        return _each_once(hit.context for hit in self.hits if hit.outcome != "unknown" and hit.registered)

    @property
    def unregistered(self) -> tuple[str, ...]:
        """Those of `names` that nobody describes."""
        return _each_once(hit.context for hit in self.hits if hit.outcome != "unknown" and not hit.registered)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Contexts of which nobody can say whether they are hit."""
        return _each_once(hit.context for hit in self.hits if hit.outcome == "unknown")

    @property
    def teams(self) -> tuple[str, ...]:
        """Who answers for what is hit, sorted."""
        return tuple(sorted({hit.team for hit in self.hits if hit.team and hit.outcome != "unknown"}))

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """Who has to agree, sorted."""
        return tuple(sorted({one for hit in self.hits for one in hit.approvals}))

    def by_outcome(self) -> Iterator[tuple[Outcome, tuple[Hit, ...]]]:
        """The hits of each outcome that there is, the worst first."""
        for outcome in _WORST:
            if found := tuple(hit for hit in self.hits if hit.outcome == outcome):
                yield outcome, found


def evidence_of(taken: Taken) -> tuple[Evidence, ...]:
    """All that shows it: what somebody says, what code names, what was seen; in this order, never empty."""
    said = taken.consumption
    only_seen = said.evidence == "observed" and not said.place
    found = [] if only_seen else [Evidence(said.evidence, said.place)]
    if said.named:
        found.append(Evidence("static", said.named))
    if taken.last_seen or only_seen:
        found.append(Evidence("observed", last_seen=taken.last_seen))
    return tuple(found)


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
