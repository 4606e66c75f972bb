"""`leftfold rebuild NAME`: build the rows of a projection anew, beside those that are shown."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from cyclopts import Parameter
from msgspec import Struct
from rich.text import Text

from leftfold.app.composition import App
from leftfold.app.follower_names import named_followers, those_called
from leftfold.cli.errors import UsageError
from leftfold.cli.options import NOTHING_GIVEN, AtLeastOne, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.paging import breathe
from leftfold.cli.progress import progress
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.text import counted, json_text, printable
from leftfold.ids import new_id
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.projection import Projection
from leftfold.projections.rebuilding import Rebuild, RowDifference

__all__ = ["rebuild"]

_NOTHING: Final = "nothing"


_Plain: TypeAlias = Mapping[str, object]
_plain: Final = msgspec.json.Decoder(dict[str, object]).decode


class _Shown(Struct):
    key: str
    before: _Plain | None
    after: _Plain | None
    differs: list[str]


async def rebuild(
    name: str,
    /,
    *,
    compare: Annotated[bool, Parameter(show_default=False)] = False,
    limit: AtLeastOne | None = None,
    give_up: Annotated[bool, Parameter(show_default=False)] = False,
    allow_parked: Annotated[bool, Parameter(show_default=False)] = False,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Build a projection anew, and show it once it has caught up.

    Readers see the old rows until then, and nothing of the change but new rows. Ctrl-C keeps what is built; the same
    command goes on from there. Reactions do not run again. It is not shown, and the exit code is 1, while keys are
    parked in it that are not in what is shown, or are at later events there.

    Args:
        name: Name of the projection, as `leftfold projections` shows it or shorter.
        compare: Build, tell which rows differ from those that are shown, and leave those shown.
        limit: With --compare, print at most so many differences; all are counted.
        give_up: Drop what was built and is not shown.
        allow_parked: Show it although keys are parked in it that those shown are ahead of.
    """
    if allow_parked and (compare or give_up):
        raise UsageError("--allow-parked is for showing what is built; --compare and --give-up show nothing")
    if compare and give_up:
        raise UsageError("--compare builds and --give-up drops what is built; give one of them")
    if limit is not None and not compare:
        raise UsageError("--limit is for --compare")
    async with opened_app(named_app(source), source) as app:
        follower = await _follower(app, name)
        work: Rebuild[Any] = Rebuild(follower, f"{socket.gethostname()}:{os.getpid()}:{str(new_id())[-6:]}")
        if give_up:
            await _give_up(follower, work, json=source.json)
            return 0
        await _built(follower, name, work, show=not compare, allow_parked=allow_parked)
        if compare:
            await _compare(follower.projection, name, work, limit, json=source.json)
        elif source.json:
            shown = await follower.generations.active()
            write_json({"projection": follower.projection.name, "generation": shown.generation if shown else 0})
        else:
            console().print(f"{name} is built anew and shown")
    return 0


async def _follower(app: App, name: str) -> ProjectionFollower:
    contexts = {context.name: app.running(context.name) for context in app.contexts}
    known = [one for one in await named_followers(contexts) if one.projection]
    [found] = those_called(name, known, "projection")
    return found.running.followers[found.name]


async def _built(
    follower: ProjectionFollower, name: str, work: Rebuild[Any], *, show: bool, allow_parked: bool
) -> None:
    at = 0, await follower.source.store.head()
    with progress(f"rebuilding {name}", at[1]) as tell:

        def moved(position: int, head: int) -> None:
            nonlocal at
            at = position, head
            tell(position, head)

        try:
            await (work.show(moved, allow_parked=allow_parked) if show else work.build(moved))
        except asyncio.CancelledError:
            print(
                f"stopped at position {at[0]:,} of {at[1]:,}; what is built is kept, and not shown. The same command "
                f"goes on from there; `leftfold rebuild {name} --give-up` drops it",
                file=sys.stderr,
            )
            raise


async def _give_up(follower: ProjectionFollower, work: Rebuild[Any], *, json: bool) -> None:
    began = any(one.state == "building" and one.by == "rebuild" for one in await follower.generations.all())
    if began:
        await work.give_up()
    if json:
        write_json({"projection": follower.projection.name, "dropped": began})
    else:
        console().print("what was built is dropped" if began else "there is nothing to give up")


async def _compare(
    projection: Projection[Any], name: str, work: Rebuild[Any], limit: int | None, *, json: bool
) -> None:
    count = 0
    out = console()
    async for difference in work.differences():
        count += 1
        if limit is not None and count > limit:
            await breathe()
            continue
        shown = _shown(difference, projection)
        if json:
            write_json(shown)
        else:
            for line, style in _lines(shown):
                out.print(Text(line, style=style))
    if parked := await work.parked():
        names = ", ".join(map(printable, parked))
        print(f"parked in what was built, and in what is shown not or later: {names}", file=sys.stderr)
    if not json:
        left_out = f", {limit:,} of them shown" if limit is not None and count > limit else ""
        out.print(f"{counted(count, 'row')} {'differs' if count == 1 else 'differ'}{left_out}", style="dim")
    print(
        f"`leftfold rebuild {name}` shows what was built, `leftfold rebuild {name} --give-up` drops it", file=sys.stderr
    )


def _shown(difference: RowDifference[Any], projection: Projection[Any]) -> _Shown:
    before, after = (
        None if row is None else _plain(projection.dump(row)) for row in (difference.before, difference.after)
    )
    fields: list[str] = []
    if before is not None and after is not None:
        fields = [field for field in {**before, **after} if before.get(field) != after.get(field)]
    return _Shown(difference.key, before, after, fields)


def _lines(one: _Shown) -> list[tuple[str, str]]:
    key = printable(one.key)
    if one.before is None:
        return [(f"+ {key}", "bold"), (f"   {_NOTHING} -> {json_text(one.after)}", "")]
    if one.after is None:
        return [(f"- {key}", "bold"), (f"   {json_text(one.before)} -> {_NOTHING}", "")]
    lines = [(f"~ {key}", "bold")]
    for field in one.differs:
        parts = [json_text(row[field]) if field in row else _NOTHING for row in (one.before, one.after)]
        lines.append((f"   {printable(field)}: {parts[0]} -> {parts[1]}", ""))
    return lines
