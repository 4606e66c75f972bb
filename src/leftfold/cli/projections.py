"""`leftfold projections`: how far everything is that follows the log."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.app.composition import App
from leftfold.cli.errors import UsageError
from leftfold.cli.following import FollowerState, follower_of
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.text import printable
from leftfold.subscriptions.monitor import State

__all__ = ["projections"]


async def projections(*, source: Source = NOTHING_GIVEN) -> int:
    """Show how far an app's projections, reactions and processes are.

    A name ends with the version and, after a dot, the generation of the rows. What is stopped has a part that no worker
    follows; the reason that it left is shown below. What is kept, not shown, is of a rebuild that has ended, and
    nobody follows it: `leftfold rebuild NAME` goes on with it, or drops it with --give-up.
    """
    app = named_app(source)
    if not any(context.followers for context in app.contexts):
        raise UsageError("this app has no projections, reactions or processes")
    async with opened_app(app, source) as opened:
        found = [follower_of(lag) for lag in await opened.monitor.lags()]
        found += await _inline(opened)
    if source.json:
        write_json(*found)
    else:
        _print(found, several=len(app.contexts) > 1)
    return 0


async def _inline(app: App) -> list[FollowerState]:
    """Those that every append writes itself: they are at the head."""
    found: list[FollowerState] = []
    for context in app.contexts:
        running = app.running(context.name)
        for follower in running.followers.values():
            shown = await follower.generations.active()
            if shown is not None and shown.is_inline(unless_noted=follower.inline):
                head = await running.store.head()
                found.append(
                    FollowerState(
                        name=shown.subscription,
                        context=context.name,
                        state="inline",
                        building=False,
                        position=head,
                        head=head,
                        behind=0,
                        seconds=0.0,
                        parked=0,
                        letters=0,
                        owners=(),
                        notes=(),
                    )
                )
    return found


def _print(found: Sequence[FollowerState], *, several: bool) -> None:
    out = console()
    heads = ("name", "state", ">position", ">head", ">behind", ">seconds", ">parked", ">letters", "followed by")
    columns = Columns(out, *heads)
    columns.print([Row(_cells(one, several=several), _style(one)) for one in found])
    for one in found:
        for note in dict.fromkeys(one.notes):
            out.print(f"{_title(one, several=several)}: {printable(note)}", style="red")


def _cells(one: FollowerState, *, several: bool) -> Sequence[str]:
    owners = [f"{number}:{owner or 'nobody'}" for number, owner in enumerate(one.owners)]
    only = len(one.owners) == 1
    return (
        _title(one, several=several),
        _state(one),
        f"{one.position:,}",
        f"{one.head:,}",
        f"{one.behind:,}",
        f"{one.seconds:,.1f}",
        f"{one.parked:,}",
        f"{one.letters:,}",
        (one.owners[0] or "nobody") if only else " ".join(owners) or "every append",
    )


def _state(one: FollowerState) -> str:
    if one.state == State.KEPT.value:
        return f"{one.state}, not shown"
    return f"{one.state}, being built" if one.building else one.state


def _title(one: FollowerState, *, several: bool) -> str:
    return f"{one.context}/{one.name}" if several else one.name


def _style(one: FollowerState) -> str:
    return {State.STOPPED.value: "red", State.KEPT.value: "dim"}.get(one.state, "")
