"""Waiting until nothing goes on any more: tests wait for it instead of sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from leftfold.app.running import Running
from leftfold.errors import NotSettled

__all__ = ["settled"]


async def settled(contexts: Mapping[str, Running], timeout_s: float) -> None:
    """Wait until followers have handled every event, and no work is due.

    Raises:
        NotSettled: it was not so when the time was over.
    """
    try:
        async with asyncio.timeout(timeout_s):
            before: object = None
            while (now := await _seen(contexts)) != before:
                before = now
                for running in contexts.values():
                    await running.keep_up()
    except TimeoutError as error:
        raise NotSettled(await _busy(contexts), timeout_s) from error


async def _seen(contexts: Mapping[str, Running]) -> tuple[int, ...]:
    """What has changed when anything has gone on."""
    heads = [await running.store.head() for running in contexts.values()]
    return (*heads, *[await running.idle() for running in contexts.values()])


async def _busy(contexts: Mapping[str, Running]) -> str:
    """Who has not kept up, for people."""
    behind = [name for running in contexts.values() for name in await running.behind()]
    return f"{', '.join(behind)} had not kept up" if behind else "work was still due"
