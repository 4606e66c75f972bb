"""`leftfold move --to URL`: an app's logs, and what goes on beside them, in other stores."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

from cyclopts import Parameter

from leftfold.app.moving import Moved
from leftfold.app.moving import move as move_all
from leftfold.app.opening import open_schema
from leftfold.cli.apps import urls_of
from leftfold.cli.errors import BrokenOff, UsageError
from leftfold.cli.opening import existing_store
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.progress import progress
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.text import printable
from leftfold.errors import AccessDenied, StoreUnavailable
from leftfold.store.port import Store

__all__ = ["move"]

_NEXT = "Run workers on the new store only: what is under way would be carried out by both."


async def move(
    *,
    to: Annotated[str, Parameter(help="URL of the new store, with {context} in it when there are several contexts.")],
    source: Source = NOTHING_GIVEN,
) -> int:
    """Move an app to other stores: its logs, and all that goes on beside them.

    Sagas, processes, timers, commands on their way, dead letters and answers go on there as they were here, and each
    reaction where it was; rows of projections are built from the log again. Stop the workers and whatever writes first.
    Make the new store with `leftfold migrate`. The old one stays as it is. What broke is simply repeated.
    """
    app = named_app(source)
    urls = urls_of(app, to)
    if set(urls.values()) & set(urls_of(app, source.store).values()):
        raise UsageError("--to names the store that is moved; give another one")
    for url in urls.values():
        open_schema(url)  # raises unless it is a store that stays
    async with opened_app(app, source) as old, _opened(urls) as targets:
        total = sum([await old.running(name).store.head() for name in targets])
        done: dict[str, int] = {}
        with progress("moving", total) as show:

            def tell(context: str, position: int) -> None:
                done[context] = position
                show(sum(done.values()))

            try:
                moved = await move_all(old, targets, tell)
            except (StoreUnavailable, AccessDenied) as error:
                if not done:
                    raise
                raise BrokenOff("were moved", sum(done.values()), total, error) from error
    _write(moved, json=source.json)
    return 0


@asynccontextmanager
async def _opened(urls: Mapping[str, str]) -> AsyncGenerator[Mapping[str, Store]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(existing_store(url)) for name, url in urls.items()}


def _write(moved: Sequence[Moved], *, json: bool) -> None:
    if json:
        write_json(*moved)
        return
    table = Columns(console(), "context", ">events", ">followers", ">letters", ">answers", "work")
    table.print([_row(one) for one in moved])
    print(_NEXT, file=sys.stderr)


def _row(one: Moved) -> Row:
    counts = (one.events, one.followers, one.letters, one.answers, one.work)
    return Row([printable(one.context), *(f"{count:,}" for count in counts)])
