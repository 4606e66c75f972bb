"""`leftfold dead-letters`: events that a projection or reaction could not handle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number
from msgspec import Raw
from rich.text import Text

from leftfold.app.composition import App
from leftfold.cli.errors import UsageError
from leftfold.cli.instances import left_out
from leftfold.cli.options import NOTHING_GIVEN, AtLeastOne, Source
from leftfold.cli.output import Columns, Listing, Row, console, write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.shown import time_text
from leftfold.cli.text import counted, printable, unbroken
from leftfold.store.events import StoredEvent
from leftfold.subscriptions.letters import DeadLetter, LetterState

__all__ = ["dead_letters"]

_FIRST: Final = 100
_HEADS: Final = ("id", "follower", "subject", "event", "state", ">tries", "error")
_Seconds = Annotated[float, Parameter(validator=Number(gt=0, lte=86_400.0))]


async def dead_letters(
    action: Literal["list", "show", "replay", "drop"],
    which: str | None = None,
    /,
    *,
    all: str | None = None,
    limit: AtLeastOne = _FIRST,
    timeout: _Seconds = 30.0,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Deal with events that a projection or reaction failed on.

    `list [NAME]` lists the letters, `show ID` shows one with its event. `replay ID` tries its subject again, from the
    first letter on; `drop ID` lets it go, and what waited behind it is tried. `--all NAME` means every letter of NAME.
    The worker that follows does it; the exit code is 1 when a replayed letter is still there.

    Args:
        action: What to do.
        which: For list, name of a projection or reaction; otherwise the id of a letter.
        all: Replay or drop every letter of this projection or reaction.
        limit: List at most so many.
        timeout: Seconds to wait for the worker.
    """
    _check(action, which, all)
    async with opened_app(named_app(source), source) as app:
        several = len(app.contexts) > 1
        if action == "list":
            await _list(app, which, limit, json=source.json)
            return 0
        if action == "show":
            letter = await app.dead_letters.find(which or "")
            _show(letter, await app.dead_letters.event(letter), several=several, json=source.json)
            return 0
        letters = (
            [one async for one in app.dead_letters.all(all)] if all else [await app.dead_letters.find(which or "")]
        )
        behind = set[str]() if all else await _behind(app, letters[0])
        if action == "drop":
            await app.dead_letters.drop(*letters, timeout=timeout)
            left: Sequence[DeadLetter] = ()
        else:
            left = await app.dead_letters.replay(*letters, timeout=timeout)
        waited = len(behind - await _behind(app, letters[0])) if behind else 0
    if source.json:
        write_json({"action": action, "done": len(letters) - len(left), "waited": waited, "left": left})
    else:
        _tell(action, letters, left, waited, several=several)
    return 1 if left else 0


def _check(action: str, which: str | None, all: str | None) -> None:
    if action == "list":
        if all is not None:
            raise UsageError("--all is for replay and drop; to list those of one follower: list NAME")
    elif action == "show":
        if which is None or all is not None:
            raise UsageError("show takes the id of a letter; see: leftfold dead-letters list")
    elif (which is None) == (all is None):
        raise UsageError(f"{action} takes the id of a letter, or --all NAME; see: leftfold dead-letters list")


async def _list(app: App, name: str | None, limit: int, *, json: bool) -> None:
    count, out, several = 0, console(), len(app.contexts) > 1

    def row(letter: DeadLetter) -> Row:
        return Row(_cells(letter, several=several), "" if letter.error else "dim")

    with Listing(out, row, *_HEADS) as table:
        async for letter in app.dead_letters.all(name):
            count += 1
            if count <= limit:
                write_json(letter) if json else table.add(letter)
            elif json:  # which tells no number
                break
    if not json:
        out.print(f"{counted(count, 'dead letter')}{left_out(count, limit)}", style="dim")


def _cells(letter: DeadLetter, *, several: bool) -> Sequence[str]:
    return (
        letter.id,
        _follower(letter, several=several),
        letter.subject,
        letter.type,
        letter.state.value,
        f"{letter.attempts:,}",
        unbroken(letter.error),
    )


def _follower(letter: DeadLetter, *, several: bool) -> str:
    """Its name as `leftfold projections` prints it."""
    return f"{letter.context}/{letter.subscription}" if several else letter.subscription


def _show(letter: DeadLetter, event: StoredEvent | None, *, several: bool, json: bool) -> None:
    if json:
        data, metadata = (Raw(event.data), Raw(event.metadata)) if event else (None, None)
        write_json({**msgspec.structs.asdict(letter), "data": data, "metadata": metadata})
        return
    out = console()
    due = f", again at {time_text(letter.due)} UTC" if letter.due else ""
    out.print(Text(f"{letter.id}  {printable(letter.type)}", style="bold"))
    lines = [
        f"not done by {printable(_follower(letter, several=several))} for {printable(letter.subject)}",
        f"stream {printable(letter.stream)} version {letter.version:,}, position {letter.position:,}",
        f"{letter.state.value}, tried {counted(letter.attempts, 'time')}{due}",
        *printable(letter.error, keep="\n").splitlines(),
    ]
    if event is not None:
        lines += [printable(event.data.decode()), f"metadata {printable(event.metadata.decode())}", f"id {event.id}"]
    for line in lines:
        out.print(Text(f"   {line}"))


async def _behind(app: App, letter: DeadLetter) -> set[str]:
    """Ids of the letters that wait with *letter* for the same subject."""
    if letter.state is LetterState.SKIPPED:
        return set()
    others = app.dead_letters.all(f"{letter.context}/{letter.subscription}")
    found = {one.id async for one in others if one.subject == letter.subject and one.state is not LetterState.SKIPPED}
    return found - {letter.id}


def _tell(
    action: str, letters: Sequence[DeadLetter], left: Sequence[DeadLetter], waited: int, *, several: bool
) -> None:
    done, out = len(letters) - len(left), console()
    if action == "replay":
        out.print(f"{counted(done + waited, 'dead letter')} handled")
    else:
        out.print(f"{counted(done, 'dead letter')} dropped{f', {waited:,} that waited handled' if waited else ''}")
    if left:
        out.print(f"{len(left):,} still there:")
        Columns(out, *_HEADS).print([Row(_cells(one, several=several), "red") for one in left])
