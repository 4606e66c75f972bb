"""`leftfold impact`: what a change of a context, an event or a field leads to."""

from __future__ import annotations

from leftfold.catalog import Change
from leftfold.catalog import impact as impact_of
from leftfold.cli.catalogs import NO_CATALOG, Whole, asking
from leftfold.cli.impact_views import ImpactReport, print_impact
from leftfold.cli.options import FileName
from leftfold.cli.output import console, write_json

__all__ = ["impact"]


def impact(
    subject: str, /, *, change: Change = "remove", observed: FileName | None = None, whole: Whole = NO_CATALOG
) -> None:
    """Tell what a change leads to: who is hit, who is not, and who has to agree.

    A consumer is hit when it reads what is changed. From there it goes on along what its handler leads to, and stops
    at anti-corruption layers, at versions that are still served, and where contexts go separate ways. Every hit has a
    shortest path.

    Args:
        subject: CONTEXT, EVENT, EVENT@VERSION, EVENT.FIELD, KERNEL or TEAM; a field inside another is
            EVENT.lines.*.price. If a name could be several things, say context:NAME, event:NAME, kernel:NAME or
            team:NAME.
        change: What is done to it.
        observed: What logs show, from `leftfold context observe`: who was seen taking an event takes it.
    """
    known = whole.opened(observed)
    with asking():
        found = impact_of(known, subject, change=change)
    if whole.json:
        write_json(ImpactReport.of(found))
    else:
        print_impact(console(), found)
