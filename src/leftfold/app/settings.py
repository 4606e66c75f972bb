"""What an app is told about how it runs, checked: what does not fit would be met in the midst of it otherwise."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from leftfold.app.assembly import Plan
from leftfold.app.conduct import Conduct
from leftfold.errors import DefinitionError
from leftfold.handling.keeping import Snapshots
from leftfold.messages.given import clock_flaw, has_methods, texts_flaw
from leftfold.subscriptions.worker import Timing

__all__ = ["check_around", "check_conduct", "check_plan", "check_workers"]


def check_workers(workers: object) -> None:
    """Raise `DefinitionError` unless *workers* says whether, or how, this process follows logs."""
    if workers is not None and not isinstance(workers, bool | Timing):
        raise DefinitionError(f"workers={workers!r:.80}; give True, False or a Timing")


def check_around(telemetry: object, context_map: object, transform: object) -> None:
    """Raise `DefinitionError`, with every finding, unless what is around an app is of what its arguments say."""
    _tell(_around_flaws(telemetry, context_map, transform))


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
    if flaw := texts_flaw("inline", inline, "names"):
        yield flaw
    if not _are_functions(upcasts):
        yield f"upcasts={upcasts!r:.80}; give a list of functions"


def _around_flaws(telemetry: object, context_map: object, transform: object) -> Iterator[str]:
    if telemetry is not None and not has_methods(telemetry, "events", "call", "keeping"):
        yield f"telemetry={telemetry!r:.80}; give a Telemetry(), of leftfold.app.telemetry"
    if context_map is not None and not has_methods(context_map, "require"):
        yield f"context_map={context_map!r:.80}; give a ContextMap(...)"
    if transform is not None and not has_methods(transform, "dump", "load"):
        yield f"transform={transform!r:.80}; give a Transform, an object with dump() and load()"


def _conduct_flaws(clock: object, middleware: object, snapshots: object) -> Iterator[str]:
    if flaw := clock_flaw(clock):
        yield flaw
    if not _are_functions(middleware):
        yield f"middleware={middleware!r:.80}; give a list of coroutine functions of call and proceed"
    else:
        yield from filter(None, map(_middleware_flaw, cast("Sequence[Callable[..., object]]", middleware)))
    if not isinstance(snapshots, Snapshots):
        yield f"snapshots={snapshots!r:.80}; give Snapshots(...); how often is said by snapshot_every= of the aggregate"


def _middleware_flaw(one: Callable[..., object]) -> str | None:
    name = getattr(one, "__name__", repr(one))
    try:
        inspect.signature(one).bind(None, None)
    except TypeError:
        return f"middleware {name:.80} is not called with call and proceed; give what it returns, {name:.80}()"
    except ValueError:  # what is written in C does not say
        return None
    return None


def _are_functions(given: object) -> bool:
    return (
        isinstance(given, Sequence)
        and not isinstance(given, str)
        and all(map(callable, cast("Sequence[object]", given)))
    )
