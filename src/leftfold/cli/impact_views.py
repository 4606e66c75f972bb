"""How the impact of a change is shown to people, and what `--json` writes of it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from rich.console import Console

from leftfold.catalog import Approval, Hit, Impact, Spared
from leftfold.cli.text import printable

__all__ = ["ImpactReport", "impact_lines", "print_impact"]

_STYLES = {"affected": "red", "absorbed": "yellow", "deferred": "yellow", "unknown": "magenta"}


class ImpactReport(Struct, frozen=True, kw_only=True):
    """An impact, as `--json` writes it; see `Impact`."""

    subject: str
    change: str
    names: tuple[str, ...]
    registered: tuple[str, ...]
    unregistered: tuple[str, ...]
    unknown: tuple[str, ...]
    teams: tuple[str, ...]
    approvals: tuple[Approval, ...]
    hits: tuple[Hit, ...]
    unaffected: tuple[Spared, ...]

    @classmethod
    def of(cls, found: Impact) -> ImpactReport:
        """What is said of *found*."""
        return cls(
            subject=found.subject,
            change=found.change,
            names=found.names,
            registered=found.registered,
            unregistered=found.unregistered,
            unknown=found.unknown,
            teams=found.teams,
            approvals=found.approvals,
            hits=found.hits,
            unaffected=found.unaffected,
        )


def print_impact(out: Console, found: Impact) -> None:
    """Print a block for each outcome, who is not hit, and who has to agree."""
    for line, style in impact_lines(found):
        out.print(printable(line), style=style or None)


def impact_lines(found: Impact) -> Iterator[tuple[str, str]]:
    """The lines of an answer, each with its style."""
    yield f"{found.change} {found.subject}", "bold"
    for outcome, hits in found.by_outcome():
        yield f"{outcome}: {len(hits):,}", _STYLES[outcome]
        for hit in hits:
            yield f"  {_named(hit)}", ""
            yield f"    {' -> '.join(hit.path)}", "dim"
            yield from ((f"    {text}", "dim") for text in _about(hit))
    if found.unaffected:
        yield f"unaffected: {len(found.unaffected):,}", "green"
        for one in found.unaffected:
            by = f" ({one.handler})" if one.handler else ""
            yield f"  {one.context}{by}: {one.reason}", ""
    for approval in found.approvals:
        yield f"needs the approval of {approval.team or 'the team'} for {approval.context}: {approval.because}", "bold"
    yield f"{len(found.registered):,} registered: {', '.join(found.registered) or 'none'}", ""
    if found.unregistered:
        yield f"{len(found.unregistered):,} unregistered: {', '.join(found.unregistered)}", ""


def _named(hit: Hit) -> str:
    team = f", team {hit.team}" if hit.team else "" if hit.registered else ", not registered"
    return f"{hit.context}{team}{f', {hit.handler}' if hit.handler else ''}"


def _about(hit: Hit) -> Iterator[str]:
    if hit.basis == "event":
        reads = "all of it" if hit.reads is None else ", ".join(hit.reads) or "only that it happened"
        yield f"reads {reads}"
    if hit.module:
        yield f"translated in {hit.module}"
    if hit.outcome == "deferred":
        yield f"what it reads is served until {hit.until}" if hit.until else "what it reads is served, with no end set"
    elif hit.until:
        yield f"served until {hit.until}"
    if hit.open:
        yield "what this leads to is not declared"
    for one in hit.evidence:
        seen = f" last on {one.last_seen[:10]}" if one.last_seen else ""
        yield f"{one.kind}{f' at {one.place}' if one.place else ''}{seen}"
