"""The state of a stream at a point in time, and what differs between two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final, NamedTuple

from cyclopts import Parameter
from msgspec import Struct, structs

from leftfold.app.assembly import Assembly
from leftfold.cli.errors import UsageError
from leftfold.cli.folds import told_folds
from leftfold.cli.options import AtLeastOne
from leftfold.cli.output import console, write_json
from leftfold.cli.text import json_text, printable
from leftfold.cli.times import day_given, time_given
from leftfold.contexts.registered import Part
from leftfold.domain.lifecycle import core_of
from leftfold.errors import NotFound
from leftfold.handling.loading import Loader
from leftfold.handling.moments import AsOf
from leftfold.handling.temporal import TimeTravel
from leftfold.store.names import category_of, id_of
from leftfold.store.port import Store

__all__ = ["Moment", "Point", "part_of", "show_difference", "show_state"]

_LONGEST_VERSION: Final = 20
"""Digits of a version at most; Python reads no more than some thousand."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Moment:
    """The state at a point in time, instead of events; needs --app."""

    version: Annotated[AtLeastOne | None, Parameter(help="The state after this version.")] = None
    at: Annotated[
        str | None, Parameter(help="What was known of it at this time or the end of this date in UTC; today means now.")
    ] = None
    valid: Annotated[
        str | None, Parameter(help="What was so at this time or the end of this date, as known now; with --at, then.")
    ] = None
    diff: Annotated[
        tuple[str, str] | None, Parameter(help="What differs between two points: versions, or times like --at.")
    ] = None

    @property
    def point(self) -> Point:
        """The one point asked for.

        Raises:
            UsageError: what should be a time is none, or has no zone.
            InvalidQuery: a version and a time together.
        """
        as_of = AsOf(version=self.version, recorded=_time(self.at), valid=_time(self.valid))
        return Point(as_of, None if self.at is None else day_given(self.at))

    @property
    def points(self) -> tuple[Point, Point] | None:
        """The two points asked for, if two were.

        Raises:
            UsageError: what should be a time is none, or has no zone; or one point is asked for, too.
            InvalidQuery: a version below 1.
        """
        if self.diff is None:
            return None
        if (self.version, self.at, self.valid) != (None, None, None):
            raise UsageError("--diff has its own two points; leave out --version, --at and --valid")
        before, after = self.diff
        return _point(before), _point(after)


class Point(NamedTuple):
    """A point in time as it was asked for.

    Args:
        as_of: the point, when everything up to it has happened.
        day: the day that its recorded time is the end of, if it is one.
    """

    as_of: AsOf
    day: date | None = None

    async def settled(self, loader: Loader) -> AsOf:
        """The point that is meant: a day that is not over yet means all that is recorded so far."""
        if self.day is None or self.as_of.recorded is None:
            return self.as_of
        latest = await loader.latest()
        is_on = datetime.combine(self.day, time.min, UTC) <= latest < self.as_of.recorded
        return structs.replace(self.as_of, recorded=None) if is_on else self.as_of


class _State(Struct):
    stream: str
    version: int
    as_of: dict[str, object]
    state: dict[str, object]


async def show_state(assembly: Assembly, store: Store, stream: str, point: Point, *, json: bool) -> None:
    """Print the state of *stream* as its attributes.

    Raises:
        NotFound: nothing had happened by then.
        FoldFailed: the app's code raised when it was given an event.
    """
    loader = Loader(store, assembly.codec)
    plan = loader.plan(part_of(assembly, stream))
    as_of = await point.settled(loader)
    with told_folds():
        loaded = await loader.at(plan, id_of(stream), as_of)
    if not loaded.version:
        raise NotFound(stream, str(as_of))
    asked = {name: point for name, point in structs.asdict(as_of).items() if point is not None}
    found = _State(stream, loaded.version, asked, loader.states_of(plan).plain(loaded.state))
    if json:
        write_json(found)
        return
    out, when = console(), "" if as_of.version else f", {as_of}"
    out.print(printable(f"{stream} version {loaded.version}{when}"), style="bold")
    for name, value in sorted(found.state.items()):
        out.print(f"   {printable(name)}  {json_text(value)}")


async def show_difference(
    assembly: Assembly, store: Store, stream: str, points: tuple[Point, Point], *, json: bool
) -> None:
    """Print each attribute of *stream* that is not the same at two points in time.

    Raises:
        NotFound: the stream has no events at all.
        FoldFailed: the app's code raised when it was given an event.
    """
    loader = Loader(store, assembly.codec)
    plan: Any = loader.plan(part_of(assembly, stream))
    if not await store.read_facts(stream, limit=1):
        raise NotFound(stream)
    before, after = [await point.settled(loader) for point in points]
    with told_folds():
        differences = await TimeTravel(loader, plan).diff(id_of(stream), before, after)
    if json:
        write_json(*differences)
        return
    out = console()
    for each in differences:
        out.print(f"{printable(each.attribute)}  {json_text(each.before)} -> {json_text(each.after)}")
    if not differences:
        out.print("nothing differs", style="dim")


def part_of(assembly: Assembly, stream: str) -> Part:
    """What folds *stream* in *assembly*; raises `UsageError` when nothing does, or more than one part."""
    category, categories = category_of(stream), [core_of(part).category for part in assembly.parts]
    match [part for part, its in zip(assembly.parts, categories, strict=True) if its == category]:
        case [part]:
            return part
        case []:
            known = ", ".join(sorted(set(categories))) or "none"
            raise UsageError(f"no part of the app folds streams of category {category!r}; it has {known}")
        case several:
            names = ", ".join(getattr(part, "__name__", "a decider") for part in several)
            raise UsageError(
                f"{names} all fold streams of category {category!r}; name a function that makes an App with one of "
                "them: --app MODULE:FUNCTION"
            )


def _point(text: str) -> Point:
    if not text.isdecimal():
        return Point(AsOf(recorded=_time(text)), day_given(text))
    if len(text) > _LONGEST_VERSION:
        raise UsageError(f"{text:.20}... is no version of a stream")
    return Point(AsOf(version=int(text)))


def _time(text: str | None) -> datetime | None:
    return None if text is None else time_given(text)
