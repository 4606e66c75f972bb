"""How it is known that a context takes an event."""

from __future__ import annotations

from leftfold.catalog.catalog import Taken
from leftfold.catalog.impact import Evidence

__all__ = ["evidence_of"]


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
