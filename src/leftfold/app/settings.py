"""What an app is told about how it runs, checked: what does not fit would be met in the midst of it otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from leftfold.app.assembly import Plan
from leftfold.app.conduct import Conduct
from leftfold.errors import DefinitionError
from leftfold.handling.keeping import Snapshots
from leftfold.subscriptions.worker import Timing

__all__ = ["check_conduct", "check_plan", "check_workers"]


def check_workers(workers: object) -> None:
    """Raise `DefinitionError` unless *workers* says whether, or how, this process follows logs."""
    if workers is not None and not isinstance(workers, bool | Timing):
        raise DefinitionError(f"workers={workers!r:.80}; give True, False or a Timing")


def check_plan(plan: Plan) -> None:
    """Raise `DefinitionError`, with every finding, unless *plan* is of what its fields say."""
    _tell(_plan_flaws(plan.provide, plan.inline, plan.upcasts))


def check_conduct(conduct: Conduct) -> None:
    """Raise `DefinitionError`, with every finding, unless *conduct* is of what its fields say."""
    _tell(_conduct_flaws(conduct.clock, conduct.middleware, conduct.snapshots))


def _tell(flaws: Iterator[str]) -> None:
    if findings := tuple(flaws):
        raise DefinitionError(*findings)


def _plan_flaws(provide: object, inline: object, upcasts: object) -> Iterator[str]:
    if not isinstance(provide, Mapping):
        yield f"provide={provide!r:.80}; give a mapping, as in provide={{Mail: Mail()}}"
    if isinstance(inline, str):
        yield f"inline={inline!r} is one text; give a list of names, inline=[{inline!r}]"
    if not _are_functions(upcasts):
        yield f"upcasts={upcasts!r:.80}; give a list of functions"


def _conduct_flaws(clock: object, middleware: object, snapshots: object) -> Iterator[str]:
    if not callable(getattr(clock, "now", None)) or isinstance(clock, type):
        yield f"clock={clock!r:.80}; give a Clock, an object with now()"
    if not _are_functions(middleware):
        yield f"middleware={middleware!r:.80}; give a list of coroutine functions of call and proceed"
    if not isinstance(snapshots, Snapshots):
        yield f"snapshots={snapshots!r:.80}; give Snapshots(...); how often is said by snapshot_every= of the aggregate"


def _are_functions(given: object) -> bool:
    return isinstance(given, Sequence) and all(map(callable, cast("Sequence[object]", given)))
