"""The state of a stream at a point in time, and what differs between two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.types import PositiveInt
from msgspec import Struct

from leftfold.app.composition import App, Part
from leftfold.cli.errors import UsageError
from leftfold.cli.output import console, write_json
from leftfold.cli.text import printable
from leftfold.domain.lifecycle import core_of
from leftfold.errors import NotFound
from leftfold.handling.loading import Loader
from leftfold.handling.moments import AsOf
from leftfold.handling.temporal import TimeTravel
from leftfold.store.names import category_of, id_of
from leftfold.store.port import Store

__all__ = ["Moment", "part_of", "show_difference", "show_state"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Moment:
    """The state at a point in time, instead of events; needs --app."""

    version: Annotated[PositiveInt | None, Parameter(help="The state after this version.")] = None
    at: Annotated[str | None, Parameter(help="The state as it was known at this time, or the end of this day.")] = None
    valid: Annotated[str | None, Parameter(help="The state as it was at this time, as known now, or --at.")] = None
    diff: Annotated[tuple[str, str] | None, Parameter(help="What differs between two versions or recorded times.")] = (
        None
    )

    @property
    def as_of(self) -> AsOf | None:
        """The one point asked for, if one was."""
        if self.version is None and self.at is None and self.valid is None:
            return None
        return AsOf(version=self.version, recorded=_time(self.at), valid=_time(self.valid))


class _State(Struct):
    stream: str
    version: int
    as_of: str
    state: dict[str, object]


async def show_state(app: App, store: Store, stream: str, as_of: AsOf, *, json: bool) -> None:
    """Print the state of *stream* as its attributes.

    Raises:
        NotFound: nothing had happened by then.
    """
    loader = Loader(store, app.codec)
    plan = loader.plan(part_of(app, stream))
    loaded = await loader.at(plan, id_of(stream), as_of)
    if not loaded.version:
        raise NotFound(stream, str(as_of))
    found = _State(stream, loaded.version, str(as_of), loader.states_of(plan).plain(loaded.state))
    if json:
        write_json(found)
        return
    console().print(printable(f"{stream}, {as_of}: version {loaded.version}"), style="bold")
    for name, value in sorted(found.state.items()):
        console().print(printable(f"   {name}  {value}"))


async def show_difference(app: App, store: Store, stream: str, points: tuple[str, str], *, json: bool) -> None:
    """Print each attribute of *stream* that is not the same at two points in time."""
    loader = Loader(store, app.codec)
    plan: Any = loader.plan(part_of(app, stream))
    before, after = map(_point, points)
    for each in await TimeTravel(loader, plan).diff(id_of(stream), before, after):
        if json:
            write_json(each)
        else:
            console().print(printable(f"{each.attribute}  {each.before} -> {each.after}"))


def part_of(app: App, stream: str) -> Part:
    """What folds *stream* in *app*; raises `UsageError` when nothing does."""
    categories = {core_of(part).category: part for part in app.parts}
    part = categories.get(category_of(stream))
    if part is None:
        known = ", ".join(sorted(categories)) or "none"
        raise UsageError(f"no part of the app folds streams of category {category_of(stream)!r}; it has {known}")
    return part


def _point(text: str) -> AsOf:
    return AsOf(version=int(text)) if text.isdecimal() else AsOf(recorded=_time(text))


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        whole_day = len(text) <= len("2026-03-31") and "T" not in text
    except ValueError as error:
        raise UsageError(f"{text!r} is no time; write 2026-03-31T12:00:00Z, or 2026-03-31 for the end of it") from error
    if whole_day:
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    if moment.utcoffset() is None:
        raise UsageError(f"{text!r} has no zone; write {text}Z, or +01:00 for another zone")
    return moment
