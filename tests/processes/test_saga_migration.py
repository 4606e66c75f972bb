"""Instances that run are brought to a newer version of their saga, or stay with theirs, with the reason."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from leftfold import App, Attempt, Context, Outcome, Retry, Saga, parallel, step
from leftfold.errors import DefinitionError
from leftfold.store.memory import MemoryStore
from leftfold.testing import ManualClock

_PATIENT = Retry(attempts=100, first=timedelta(hours=1))


class World:
    """Refuses to answer until told otherwise."""

    def __init__(self) -> None:
        self.silent = True
        self.called: list[str] = []

    def call(self, key: str) -> None:
        """Note the key."""
        self.called.append(key.split("/", 2)[2])
        if self.silent and "/pay/" in key:
            raise ConnectionError("no answer")


class Old(Saga, name="Order"):
    sku: str

    @step(undoable=False)
    async def reserve(self, world: World, attempt: Attempt) -> None:
        world.call(attempt.key)

    @step(retry=_PATIENT)
    async def pay(self, world: World, attempt: Attempt) -> None:
        world.call(attempt.key)

    @pay.undo
    async def refund(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        world.call(attempt.key)


class New(Saga, name="Order", version=2):
    skus: tuple[str, ...]

    @step(undoable=False, was=("reserve",))
    async def hold(self, world: World, attempt: Attempt) -> None:
        world.call(attempt.key)

    @step(retry=_PATIENT)
    async def pay(self, world: World, attempt: Attempt) -> None:
        world.call(attempt.key)

    @pay.undo
    async def refund(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        world.call(attempt.key)

    @step(undoable=False)
    async def send(self, world: World, attempt: Attempt) -> None:
        world.call(attempt.key)


class Other(Saga, name="Order", version=3):
    skus: tuple[str, ...]

    @step(undoable=False)
    async def check(self) -> None: ...

    @step(undoable=False)
    async def hold(self) -> None: ...

    both = parallel(check, hold)

    @step(undoable=False)
    async def pay(self) -> None: ...


class Charged(Saga, name="Order", version=2):
    sku: str

    @step(undoable=False)
    async def reserve(self, world: World, attempt: Attempt) -> None:
        world.call(attempt.key)

    @step(retry=_PATIENT, was=("pay",))
    async def charge(self, world: World, attempt: Attempt) -> None:
        world.call(attempt.key)

    @charge.undo
    async def refund(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        assert attempt.undoes is not None
        world.call(attempt.key)
        world.call(attempt.undoes)


class Taken(Saga, name="Order", version=2):
    sku: str

    @step(undoable=False)
    async def reserve(self) -> None: ...

    @step(undoable=False, was=("pay",))
    async def charge(self) -> None: ...

    @step(undoable=False)
    async def pay(self) -> None: ...


def to_charged(old: Old) -> Charged:
    return Charged(sku=old.sku)


def to_taken(old: Old) -> Taken:
    return Taken(sku=old.sku)


def to_new(old: Old) -> New:
    return New(skus=(old.sku,))


def to_other(old: New) -> Other:
    return Other(skus=old.skus)


def _nothing(_old: Old) -> None:
    """No migration."""


def _context(*sagas: type[Saga]) -> Context:
    context = Context("shop")
    for saga in sagas:
        context.saga(saga)
    return context


async def _begun(store: MemoryStore, world: World) -> None:
    """An instance of the old version that waits to pay again."""
    async with App(_context(Old), store=store, provide={World: world}) as app:
        await app.start(Old(sku="tea"), id="1")
        while not any(one.due for one in (await app.sagas.show(Old, "1")).steps):
            await asyncio.sleep(0)


async def test_an_instance_goes_on_by_the_newer_version_with_what_it_had_done() -> None:
    store, world = MemoryStore(), World()
    await _begun(store, world)
    context = _context(Old, New)
    context.migrates(to_new)
    async with App(context, store=store, workers=False, provide={World: world}) as app:
        [tried] = [one async for one in app.sagas.migrate(New, try_only=True)]
        assert (tried.id, tried.old, tried.new, tried.reason) == ("1", 1, 2, None)
        assert (await app.sagas.show(New, "1")).version == 1
        assert [one async for one in app.sagas.migrate("Order")] == [tried]
        assert [one async for one in app.sagas.migrate("Order")] == []
        view = await app.sagas.show(New, "1")
        assert (view.version, view.fields, [one.name for one in view.steps]) == (2, '{"skus":["tea"]}', ["hold", "pay"])
    world.silent = False
    async with App(_context(New), store=store, provide={World: world}) as app:
        await app.sagas.abort(New, "1", who="Ada", why="to see it move")
        assert (await app.sagas.ended(New, "1", timeout=10)).status == "compensated"
    assert world.called == ["1/reserve/do", "1/pay/do", "1/pay/undo"]


@pytest.mark.parametrize("wrong", [timedelta(0), timedelta(hours=-1), timedelta(hours=1)])
async def test_an_instance_is_migrated_once_the_lease_of_a_worker_that_was_killed_has_ended(wrong: timedelta) -> None:
    clock = ManualClock()
    store, world = MemoryStore(clock=clock), World()
    context = _context(Old, New)
    context.migrates(to_new)
    astray = ManualClock(clock.now() + wrong)
    async with App(context, store=store, clock=astray, workers=False, provide={World: world}) as app:
        await app.start(Old(sku="tea"), id="1")
        [begun] = await store.find_work()
        assert [one.id for one in await store.claim_due([begun.queue], "gone", 30.0)] == [begun.id]
        assert [one.reason async for one in app.sagas.migrate("Order")] == [
            "gone carries it on just now; migrate again"
        ]
        clock.advance(timedelta(seconds=31))
        assert [one.reason async for one in app.sagas.migrate("Order")] == [None]
        assert [one.queue for one in await store.claim_due([f"{begun.queue[:-1]}2"], "next", 30.0)] != []


async def test_an_instance_whose_steps_do_not_fit_stays_with_the_reason() -> None:
    store, world = MemoryStore(), World()
    await _begun(store, world)
    context = _context(Old, New, Other)
    context.migrates(to_new)
    context.migrates(to_other)
    async with App(context, store=store, workers=False, provide={World: world}) as app:
        first, second = [one async for one in app.sagas.migrate("Order")]
        assert (first.new, first.reason) == (2, None)
        assert second.reason == "step 'pay' was begun, and 'check', which comes before it now, was not"
        assert (await app.sagas.show("Order", "1")).version == 2


async def test_a_step_that_has_another_name_is_tried_again_and_undone_with_the_key_that_it_had() -> None:
    store, world = MemoryStore(), World()
    await _begun(store, world)
    context = _context(Old, Charged)
    context.migrates(to_charged)
    async with App(context, store=store, provide={World: world}) as app:
        assert [one.reason async for one in app.sagas.migrate("Order")] == [None]
        world.silent = False
        await app.sagas.abort("Order", "1", who="Ada", why="to see it undone")
        view = await app.sagas.ended("Order", "1", timeout=10)
    assert (view.status, [one.name for one in view.steps]) == ("compensated", ["reserve", "charge"])
    assert world.called == ["1/reserve/do", "1/pay/do", "1/pay/undo", "1/pay/do"]


async def test_an_instance_stays_whose_step_has_the_key_that_another_step_would_have() -> None:
    store, world = MemoryStore(), World()
    await _begun(store, world)
    context = _context(Old, Taken)
    context.migrates(to_taken)
    async with App(context, store=store, workers=False, provide={World: world}) as app:
        [one] = [one async for one in app.sagas.migrate("Order")]
        assert one.reason == "step 'charge' has the key of 'pay', the name of another step now; rename that one"
        assert (await app.sagas.show("Order", "1")).version == 1


async def test_what_a_migration_raises_is_told_and_the_instance_stays() -> None:
    def broken(old: Old) -> New:
        raise ValueError(old.sku)

    store, world = MemoryStore(), World()
    await _begun(store, world)
    context = _context(Old, New)
    context.migrates(broken)
    async with App(context, store=store, workers=False, provide={World: world}) as app:
        [one] = [one async for one in app.sagas.migrate("Order")]
        assert str(one.reason).endswith("broken: ValueError: tea")
        assert (await app.sagas.show("Order", "1")).version == 1


def test_a_migration_leads_to_a_newer_version_of_the_same_saga() -> None:
    def back(new: New) -> Old:
        return Old(sku=new.skus[0])

    context = _context(Old, New)
    context.migrates(back)
    with pytest.raises(DefinitionError, match="the same saga in a newer version"):
        App(context, store="memory:", provide={World: World()})
    context = _context(Old)
    context.migrates(to_new)
    with pytest.raises(DefinitionError, match="names New, which is no saga of this context"):
        App(context, store="memory:", provide={World: World()})
    with pytest.raises(DefinitionError, match="one of the new, and nothing else"):
        context.migrates(_nothing)
