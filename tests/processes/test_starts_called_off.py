"""What was stored although whoever stored it was called off, or never heard of it, is carried on at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

import pytest

from leftfold import App, Attempt, Context, Saga, step
from leftfold.errors import OutcomeUnknown, UnknownInstance
from leftfold.store import Begin, MemoryStore, Revise
from leftfold.store.events import Appended
from leftfold.store.transaction import Transaction
from leftfold.store.work import Hold
from leftfold.subscriptions.worker import Timing
from tests.processes.grounds import Ground

_SOON_S = 10.0
"""Well within the time of a lease."""


class Trip(Saga):
    @step(undoable=False)
    async def book(self, attempt: Attempt) -> str:
        return attempt.key

    @step(undoable=False)
    async def pay(self, attempt: Attempt, till: Till) -> None:
        till.asked.set()
        await till.paid.wait()


class Walk(Saga):
    @step(undoable=False)
    async def leave(self, attempt: Attempt) -> str:
        return attempt.key


class Till:
    """Says when a trip is to be paid for, and when it is."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.paid = asyncio.Event()


class Unheard(MemoryStore):
    """Stores what is to be held, and does not say so while it is *deaf*: it answers never, or with an error."""

    def __init__(self) -> None:
        super().__init__()
        self.stored = asyncio.Event()
        self.deaf = True
        self.answer: Callable[[], Exception] | None = None

    async def transact(self, transaction: Transaction) -> Appended | None:
        """See `Transacting.transact`."""
        done = await super().transact(transaction)
        if self.deaf and any(
            isinstance(one, Begin | Revise) and isinstance(one.wake, Hold) for one in transaction.writes
        ):
            self.deaf = False
            self.stored.set()
            if self.answer is not None:
                raise self.answer()
            await asyncio.Event().wait()
        return done


def travelling(saga: type[Saga]) -> Context:
    context = Context("travel")
    context.saga(saga)
    return context


async def _called_off(call: Coroutine[object, object, object], store: Unheard) -> None:
    work = asyncio.create_task(call)
    await store.stored.wait()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def test_a_saga_whose_start_was_called_off_once_it_was_stored_is_carried_on_at_once() -> None:
    store, till = Unheard(), Till()
    till.paid.set()
    async with App(travelling(Trip), store=store, provide={Till: till}) as app:
        await _called_off(app.start(Trip(), id="1"), store)
        assert (await app.sagas.ended(Trip, "1", timeout=_SOON_S)).status == "completed"


async def test_a_saga_whose_start_was_stored_with_an_error_is_carried_on_at_once() -> None:
    store, till = Unheard(), Till()
    till.paid.set()
    store.answer = lambda: OutcomeUnknown((), "the connection broke")
    async with App(travelling(Trip), store=store, provide={Till: till}) as app:
        with pytest.raises(OutcomeUnknown):
            await app.start(Trip(), id="1")
        assert (await app.sagas.ended(Trip, "1", timeout=_SOON_S)).status == "completed"


async def test_a_saga_whose_abort_was_called_off_once_it_was_stored_is_undone_at_once() -> None:
    store, till = Unheard(), Till()
    store.deaf = False
    async with App(travelling(Trip), store=store, provide={Till: till}) as app:
        await app.start(Trip(), id="1")
        await till.asked.wait()
        store.deaf = True
        await _called_off(app.sagas.abort(Trip, "1", who="Ada", why="nobody travels"), store)
        till.paid.set()
        assert (await app.sagas.ended(Trip, "1", timeout=_SOON_S)).status == "compensated"


async def test_whenever_a_start_is_called_off_the_saga_is_carried_on_at_once_or_was_never_begun(ground: Ground) -> None:
    async with ground.app(travelling(Walk), workers=Timing()) as app:
        await app.start(Walk(), id="0")
        for turns in range(1, 30):
            starting = asyncio.ensure_future(app.start(Walk(), id=f"{turns}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
        for turns in range(1, 30):
            with suppress(UnknownInstance):
                assert (await app.sagas.ended(Walk, f"{turns}", timeout=_SOON_S)).status == "completed"
