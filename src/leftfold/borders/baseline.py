"""Findings that are accepted for a while: each with a reason, and the day on which that ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from leftfold.contexts.findings import Finding, in_order

__all__ = ["GRACE", "Accepted", "Baseline", "accepting", "against"]

GRACE: Final = timedelta(days=90)
"""How long a finding is accepted that is written into a baseline."""

_OF_BASELINES: Final = "baseline-unused"

_Key = tuple[str, tuple[str, ...], str]


class Accepted(Struct, frozen=True, kw_only=True):
    """A finding that is known, and not to be told for a while.

    Args:
        rule: that it breaks.
        contexts: whom it is about, sorted.
        subject: what offends.
        reason: why it is accepted.
        until: the day from which it is told again.
        place: where the entry is, as `path:line`; empty for one that is not in a file yet.
    """

    rule: str
    contexts: tuple[str, ...]
    subject: str
    reason: str
    until: date
    place: str = ""

    @property
    def key(self) -> _Key:
        """What a finding has to have to be this one."""
        return self.rule, self.contexts, self.subject


Baseline = Sequence[Accepted]
"""Everything that is accepted."""


def against(findings: Iterable[Finding], baseline: Baseline, today: date) -> tuple[Finding, ...]:
    """What is left of *findings* when those that are accepted are not told.

    One whose day has come is told, and says so. An entry that nothing is found for is a finding itself,
    *baseline-unused*, a warning: take it out, so that what it stood for does not come back unseen.

    Args:
        today: the first day on which an entry with this `until` is not accepted any more.
    """
    by_key = {one.key: one for one in baseline}
    used: set[_Key] = set()
    left: list[Finding] = []
    for finding in findings:
        entry = by_key.get(_key(finding))
        if entry is None:
            left.append(finding)
            continue
        used.add(entry.key)
        if entry.until <= today:
            text = f"{finding.message} (accepted until {entry.until}: {entry.reason}; that is over)"
            left.append(replace(finding, message=text))
    return in_order((*left, *_unused(baseline, used)))


def accepting(findings: Iterable[Finding], baseline: Baseline, today: date) -> Baseline:
    """A baseline of *findings*: what *baseline* has of them as it is there, the others with a reason to be filled in.

    Notes are left out, as they fail no check, and what is said about baselines.

    Args:
        today: when it is made; what is new is accepted for `GRACE` from then on.
    """
    known = {one.key: one for one in baseline}
    found = {
        _key(one): Accepted(rule=one.rule, contexts=one.contexts, subject=one.subject, reason="", until=today + GRACE)
        for one in findings
        if one.severity != "note" and one.rule != _OF_BASELINES
    }
    return tuple(known.get(key, entry) for key, entry in sorted(found.items()))


def _unused(baseline: Baseline, used: set[_Key]) -> Iterator[Finding]:
    for entry in baseline:
        if entry.key not in used:
            path = Path(entry.place.rpartition(":")[0]).name
            yield Finding(
                rule=_OF_BASELINES,
                contexts=entry.contexts,
                message=f"nothing is found for an entry of {path} any more: {entry.rule}, {entry.subject}; take it out",
                declared_at=entry.place,
                subject=f"{entry.rule} {entry.subject}",
                severity="warning",
            )


def _key(finding: Finding) -> _Key:
    return finding.rule, finding.contexts, finding.subject
