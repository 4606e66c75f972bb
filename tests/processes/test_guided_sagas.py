"""Sagas that are written as a function: loops, other ways, children, kills."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest

from leftfold import App, Attempt, Context, DomainError, Outcome, Retry, Saga, Steps, step
from leftfold.errors import DefinitionError, StepRefused, StoreUnavailable
from leftfold.processes import SagaView
from leftfold.store.events import Appended
from leftfold.store.memory import MemoryStore
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import Begin, Revise
from leftfold.testing import CrashRun, ManualClock, crash_everywhere


class SoldOut(DomainError):
    """There is none."""


@dataclass
class Supplier:
    """Orders and cancels, each key once."""

    refusing: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    ordered: dict[str, str] = field(default_factory=dict[str, str])
    cancelled: list[str] = field(default_factory=list[str])

    async def order(self, sku: str, attempt: Attempt) -> str:
        """Order one; the answer to a repeated key is the first one."""
        if sku in self.refusing:
            raise SoldOut
        if attempt.key in self.cancelled:
            raise SoldOut
        self.ordered[attempt.key] = sku
        if sku in self.silent:
            raise ConnectionError("no answer")
        return f"order of {sku}"

    async def cancel(self, sku: str, was: Outcome[str], attempt: Attempt) -> None:
        """Cancel it, whether it was ordered or not."""
        assert attempt.undoes is not None
        self.cancelled.append(attempt.undoes)
        self.ordered.pop(attempt.undoes, None)

    @property
    def skus(self) -> list[str]:
        """What is ordered."""
        return list(self.ordered.values())


class Restock(Saga, deadline=timedelta(hours=1)):
    skus: tuple[str, ...]

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        for sku in self.skus:
            try:
                await _order(steps, supplier, sku)
            except StepRefused:
                await _order(steps, supplier, f"other {sku}")


async def _order(steps: Steps, supplier: Supplier, sku: str) -> str:
    return await steps.do(
        f"order {sku}",
        partial(supplier.order, sku),
        returns=str,
        undo=partial(supplier.cancel, sku),
        retry=Retry(attempts=2, first=timedelta(minutes=1)),
    )


class Deliver(Saga):
    sku: str
    note: str = ""

    @step(retry=Retry(attempts=2))
    async def order(self, supplier: Supplier, attempt: Attempt) -> None:
        self.note = await supplier.order(self.sku, attempt)

    @order.undo
    async def cancel(self, was: Outcome[None], supplier: Supplier, attempt: Attempt) -> None:
        assert attempt.undoes is not None
        supplier.cancelled.append(attempt.undoes)
        supplier.ordered.pop(attempt.undoes, None)


class Patient(Saga, deadline=timedelta(minutes=1)):
    """Its next try is later than its deadline."""

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        await _order(steps, supplier, "tea")
        await steps.do(
            "order salt",
            partial(supplier.order, "salt"),
            returns=str,
            undo=partial(supplier.cancel, "salt"),
            retry=Retry(attempts=2, first=timedelta(hours=1), most=timedelta(hours=1)),
        )


class Hasty(Saga):
    """Waits for no answer."""

    then: str = ""

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        await _order(steps, supplier, "tea")

        async def slowly(attempt: Attempt) -> str:
            answer = await supplier.order("salt", attempt)
            await asyncio.sleep(60)
            return answer

        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await steps.do("order salt", slowly, returns=str, undo=partial(supplier.cancel, "salt"))
        if self.then == "step":
            await _order(steps, supplier, "rice")
        elif self.then == "child":
            await steps.child("rice", Deliver(sku="rice"))


class Visit(Saga):
    """Tells of its children, then of itself."""

    children: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        for child in self.children:
            await steps.child(child, Visit())
        for name in (*self.more, "tell"):
            await _order(steps, supplier, name)


class Count(Saga):
    """Changes its fields, also those that say what its steps are."""

    skus: tuple[str, ...]
    counted: int = 0
    wrong: bool = False

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        for sku in self.skus:
            self.counted += len(await _order(steps, supplier, sku))
        self.skus = ()
        if self.wrong:
            self.counted = cast("Any", "many")


class Sum(Saga):
    total: int = 0

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        self.total = (await steps.child("count", Count(skus=("tea", "salt")))).counted
        await _order(steps, supplier, "scale")


class Feast(Saga):
    dishes: tuple[str, ...]

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        for dish in self.dishes:
            delivered = await steps.child(dish, Deliver(sku=dish))
            assert delivered.note == f"order of {dish}"


class Till(Saga):
    """Cannot be put back while it is locked."""

    @step
    async def take(self, supplier: Supplier, attempt: Attempt) -> None:
        supplier.ordered[attempt.key] = "cash"

    @take.undo(retry=Retry(attempts=1))
    async def put_back(self, was: Outcome[None], supplier: Supplier, attempt: Attempt) -> None:
        if "cash" in supplier.silent:
            raise ConnectionError("locked")
        supplier.cancelled.append(str(attempt.undoes))
        supplier.ordered.pop(str(attempt.undoes), None)


class Party(Saga):
    async def run(self, steps: Steps, supplier: Supplier) -> None:
        await steps.child("food", Deliver(sku="food"))
        await steps.child("till", Till())
        await _order(steps, supplier, "band")


class Send(Saga):
    """Nothing takes back what is sent."""

    @step(pivot=True, retry=Retry(attempts=1))
    async def send(self, supplier: Supplier, attempt: Attempt) -> None:
        await supplier.order("letter", attempt)


class Invite(Saga, deadline=timedelta(hours=1)):
    async def run(self, steps: Steps, supplier: Supplier) -> None:
        await steps.child("letter", Send())


shop = Context("shop")
for _saga in (Restock, Patient, Hasty, Visit, Count, Sum, Deliver, Feast, Till, Party, Send, Invite):
    shop.saga(_saga)


def _app(supplier: Supplier, store: Store, clock: ManualClock) -> App:
    return App(shop, store=store, clock=clock, workers=False, provide={Supplier: supplier})


Check = Callable[[Supplier, SagaView], None]


async def _everywhere(saga: Saga, supplier: Callable[[], Supplier], check: Check) -> SagaView:
    """The view of the run that was not killed."""

    def checked(made: Supplier, run: CrashRun) -> None:
        check(made, run.view)

    runs = await crash_everywhere(saga, supplier, _app, checked)
    assert len(runs) > 3
    return runs[-1].view


async def test_steps_of_a_loop_are_done_once_each_wherever_it_is_killed() -> None:
    def check(supplier: Supplier, view: SagaView) -> None:
        assert view.status == "completed"
        assert supplier.skus == ["tea", "salt", "rice"]

    view = await _everywhere(Restock(skus=("tea", "salt", "rice")), Supplier, check)
    assert [one.name for one in view.steps] == ["order tea", "order salt", "order rice"]


async def test_a_refused_step_lets_the_function_take_another_way() -> None:
    def check(supplier: Supplier, view: SagaView) -> None:
        # Killed while it asks for salt, a saga cannot be sure that there was none.
        assert supplier.skus == {"completed": ["tea", "other salt", "rice"], "compensated": []}[view.status]

    view = await _everywhere(
        Restock(skus=("tea", "salt", "rice")), lambda: Supplier(refusing=frozenset({"salt"})), check
    )
    assert view.status == "completed"


async def test_what_is_in_doubt_is_undone_first_then_what_was_done() -> None:
    def check(supplier: Supplier, view: SagaView) -> None:
        assert view.status == "compensated"
        assert supplier.skus == []
        order = [key.split("/")[-2] for key in dict.fromkeys(supplier.cancelled)]
        assert order == ["order salt", "order tea"]

    view = await _everywhere(Restock(skus=("tea", "salt", "rice")), lambda: Supplier(silent=frozenset({"salt"})), check)
    assert view.reason == "step 'order salt' is in doubt: ConnectionError: no answer"


async def test_a_deadline_that_passes_before_the_next_try_has_all_of_it_undone() -> None:
    clock, supplier = ManualClock(), Supplier(silent=frozenset({"salt"}))
    store = MemoryStore(clock=clock)
    async with App(shop, store=store, clock=clock, provide={Supplier: supplier}) as app:
        await app.start(Patient(), id="1")
        await app.settle()
        assert supplier.skus == ["tea", "salt"]
    clock.advance(timedelta(minutes=2))
    async with App(shop, store=store, clock=clock, provide={Supplier: supplier}) as app:
        view = await app.sagas.ended(Patient, "1", timeout=5)
    assert (view.status, view.reason, supplier.skus) == ("compensated", "its deadline has passed", [])


@pytest.mark.parametrize("then", ["", "step", "child"])
async def test_a_step_that_the_function_cuts_short_is_in_doubt_and_nothing_follows_it(then: str) -> None:
    supplier = Supplier()
    async with App(shop, store="memory:", provide={Supplier: supplier}) as app:
        await app.start(Hasty(then=then), id="1")
        view = await app.sagas.ended(Hasty, "1", timeout=20)
    assert (view.status, [one.name for one in view.steps]) == ("compensated", ["order tea", "order salt"])
    assert view.reason == "step 'order salt' is in doubt: the function went on before it was heard how it ended"
    assert [key.split("/")[-2] for key in supplier.cancelled] == ["order salt", "order tea"]
    assert supplier.skus == []


async def test_no_two_steps_have_one_key_whatever_is_in_their_names_and_ids() -> None:
    supplier = Supplier()
    async with App(shop, store="memory:", provide={Supplier: supplier}) as app:
        await app.start(Visit(children=("order leaf",), more=("leaf/order tell", "leaf%2Forder tell")), id="1")
        assert (await app.sagas.ended(Visit, "1", timeout=20)).status == "completed"
    assert sorted(supplier.skus) == ["leaf%2Forder tell", "leaf/order tell", "tell", "tell"]


async def test_what_a_function_has_changed_in_its_fields_is_read_when_it_is_completed_and_undone_without() -> None:
    def check(supplier: Supplier, view: SagaView) -> None:
        assert (view.status, view.read(Sum)) == ("completed", Sum(total=25))
        assert supplier.skus == ["tea", "salt", "scale"]

    await _everywhere(Sum(), Supplier, check)
    supplier = Supplier(refusing=frozenset({"scale"}))
    async with App(shop, store="memory:", provide={Supplier: supplier}) as app:
        await app.start(Sum(), id="1")
        assert (await app.sagas.ended(Sum, "1", timeout=20)).read(Sum) == Sum()
        view = await app.sagas.show(Count, "1/count")
        assert (view.status, view.read(Count)) == ("compensated", Count(skus=("tea", "salt")))
    assert supplier.skus == []


async def test_a_function_that_leaves_fields_that_cannot_be_kept_is_undone() -> None:
    supplier = Supplier()
    async with App(shop, store="memory:", provide={Supplier: supplier}) as app:
        await app.start(Count(skus=("tea",), wrong=True), id="1")
        view = await app.sagas.ended(Count, "1", timeout=20)
    assert (view.status, supplier.skus) == ("compensated", [])
    assert "Expected `int`, got `str` - at `$.counted`" in str(view.reason)


async def test_children_are_begun_once_waited_for_and_read() -> None:
    def check(supplier: Supplier, view: SagaView) -> None:
        assert view.status == "completed"
        assert supplier.skus == ["soup", "fish"]

    await _everywhere(Feast(dishes=("soup", "fish")), Supplier, check)


async def test_a_child_that_is_undone_has_its_sisters_undone() -> None:
    def check(supplier: Supplier, view: SagaView) -> None:
        assert view.status == "compensated"
        assert supplier.skus == []

    view = await _everywhere(Feast(dishes=("soup", "fish")), lambda: Supplier(refusing=frozenset({"fish"})), check)
    assert "step 'fish' was refused" in str(view.reason)


async def test_what_others_began_under_the_id_of_a_child_is_neither_waited_for_nor_undone() -> None:
    supplier = Supplier()
    async with App(shop, store="memory:", provide={Supplier: supplier}) as app:
        await app.start(Deliver(sku="fish"), id="1/fish")
        await app.sagas.ended(Deliver, "1/fish", timeout=20)
        await app.start(Feast(dishes=("soup", "fish")), id="1")
        view = await app.sagas.ended(Feast, "1", timeout=20)
        assert view.status == "compensated"
        assert "'1/fish' is no child of this saga" in str(view.steps[-1].error)
        assert (await app.sagas.show(Deliver, "1/fish")).status == "completed"
        assert (await app.sagas.show(Deliver, "1/soup")).status == "compensated"
    assert supplier.skus == ["fish"]


class _Childless(MemoryStore):
    """Begins no child while it is down."""

    down = True

    async def transact(self, transaction: Transaction) -> Appended | None:
        """See `Transacting.transact`."""
        if self.down and any(isinstance(one, Begin) and "Deliver" in one.id for one in transaction.writes):
            raise StoreUnavailable("it is down")
        return await super().transact(transaction)


async def _called_off(app: App, store: _Childless) -> None:
    """A feast is undone before its child could begin."""
    await app.start(Feast(dishes=("soup",)), id="1")
    while not (await app.sagas.show(Feast, "1")).steps:
        await asyncio.sleep(0)
    await app.sagas.abort(Feast, "1", who="Ada", why="nobody is hungry")
    store.down = False


async def test_what_others_began_before_its_parent_is_undone_is_not_undone_with_it() -> None:
    supplier, store = Supplier(), _Childless()
    async with App(shop, store=store, provide={Supplier: supplier}) as app:
        await _called_off(app, store)
        await app.start(Deliver(sku="soup"), id="1/soup")
        assert (await app.sagas.ended(Feast, "1", timeout=20)).status == "compensated"
        assert (await app.sagas.ended(Deliver, "1/soup", timeout=20)).status == "completed"


async def test_a_child_that_had_not_begun_when_its_parent_is_undone_never_begins() -> None:
    supplier, store = Supplier(), _Childless()
    async with App(shop, store=store, provide={Supplier: supplier}) as app:
        await _called_off(app, store)
        assert (await app.sagas.ended(Feast, "1", timeout=20)).status == "compensated"
        late = await app.start(Deliver(sku="soup"), id="1/soup")
        assert late.repeated
        view = await app.sagas.ended(Deliver, "1/soup", timeout=20)
        assert (view.status, view.steps) == ("compensated", ())
        assert view.reason == "its parent was undone before it began"
    assert supplier.ordered == {}


async def test_a_child_that_cannot_be_undone_is_parked_and_the_others_are_undone_until_somebody_puts_it_right() -> None:
    supplier = Supplier(refusing=frozenset({"band"}), silent=frozenset({"cash"}))
    by = {"who": "Ada", "why": "the till is open"}
    async with App(shop, store="memory:", provide={Supplier: supplier}) as app:
        await app.start(Party(), id="1")
        view = await app.sagas.ended(Party, "1", timeout=20)
        assert (view.status, [one.name for one in view.steps if one.status == "parked"]) == ("stuck", ["till"])
        assert view.steps[1].error == "NotPossible: undo '1/till': it is stuck: put it right, then retry this step"
        assert supplier.skus == ["cash"]
        supplier.silent = frozenset()
        await app.sagas.retry(Till, "1/till", **by)
        assert (await app.sagas.ended(Till, "1/till", timeout=20)).status == "compensated"
        await app.sagas.retry(Party, "1", **by)
        assert (await app.sagas.ended(Party, "1", timeout=20)).status == "compensated"
    assert supplier.ordered == {}


@pytest.mark.parametrize("done", [True, False])
async def test_a_child_whose_pivot_may_be_done_is_not_undone_before_somebody_says_whether_it_was(*, done: bool) -> None:
    supplier = Supplier(silent=frozenset({"letter"}))
    by = {"who": "Ada", "why": "the post was asked"}
    async with App(shop, store="memory:", provide={Supplier: supplier}) as app:
        await app.start(Invite(), id="1")
        await app.settle()
        assert (await app.sagas.show(Send, "1/letter")).status == "stuck"
        await app.sagas.abort(Invite, "1", **by)
        view = await app.sagas.ended(Invite, "1", timeout=20)
        assert (view.status, view.steps[0].status) == ("stuck", "parked")
        assert "its pivot 'send' is parked; resolve it if it was done, abort if not" in str(view.steps[0].error)
        assert (await app.sagas.show(Send, "1/letter")).status == "stuck"
        if done:
            await app.sagas.resolve(Send, "1/letter", who="Ada", why="it is there")
            await app.sagas.ended(Send, "1/letter", timeout=20)
            await app.sagas.skip(Invite, "1", **by)
        else:
            await app.sagas.abort(Send, "1/letter", **by)
            await app.sagas.ended(Send, "1/letter", timeout=20)
            await app.sagas.retry(Invite, "1", **by)
        assert (await app.sagas.ended(Invite, "1", timeout=20)).status == "compensated"
        assert (await app.sagas.show(Send, "1/letter")).status == ("completed" if done else "compensated")


async def test_a_child_that_cannot_be_read_is_parked_when_its_parent_is_undone() -> None:
    supplier, store = Supplier(silent=frozenset({"band"})), MemoryStore()
    async with App(shop, store=store, provide={Supplier: supplier}) as app:
        await app.start(Party(), id="1")
        await app.settle()
        [till] = (await store.work(["saga/shop.Till/1/till"])).values()
        damaged = Revise(id=till.id, token=till.token, status=till.status, state=b"{}", wake=None)
        await store.transact(Transaction(writes=[damaged]))
        await app.sagas.abort(Party, "1", who="Ada", why="it rains")
        view = await app.sagas.ended(Party, "1", timeout=20)
        assert (view.status, [one.name for one in view.steps if one.status == "parked"]) == ("stuck", ["till"])
        assert "'saga/shop.Till/1/till' of 'saga/shop.Till/1' cannot be read" in str(view.steps[1].error)
    assert supplier.skus == ["cash"]


async def test_who_waits_for_a_child_that_ended_and_cannot_be_read_is_stuck_until_it_can() -> None:
    counting, clock = Context("shop"), ManualClock()
    counting.saga(Count)
    store, supplier = MemoryStore(clock=clock), Supplier(silent=frozenset({"tea"}))
    async with App(shop, store=store, clock=clock, provide={Supplier: supplier}) as app:
        await app.start(Sum(), id="1")
        await app.settle()
    clock.advance(timedelta(minutes=1))
    async with App(counting, store=store, clock=clock, provide={Supplier: Supplier()}) as app:
        assert (await app.sagas.ended(Count, "1/count", timeout=20)).status == "completed"
    [good] = (await store.work(["saga/shop.Count/1/count"])).values()

    async def write(state: bytes) -> None:
        [now] = (await store.work([good.id])).values()
        await store.transact(
            Transaction(writes=[Revise(id=now.id, token=now.token, status=now.status, state=state, wake=None)])
        )

    await write(b"{}")
    clock.advance(timedelta(minutes=1))
    async with App(shop, store=store, clock=clock, provide={Supplier: supplier}) as app:
        view = await app.sagas.ended(Sum, "1", timeout=20)
        assert (view.status, view.steps[0].status, view.back) == ("stuck", "started", False)
        assert "'saga/shop.Count/1/count' of 'saga/shop.Count/1' cannot be read" in (view.reason or "")
        await write(good.state)
        await app.sagas.retry(Sum, "1", who="Ada", why="the child can be read")
        view = await app.sagas.ended(Sum, "1", timeout=20)
        assert (view.status, view.read(Sum).total) == ("completed", len("order of tea") + len("order of salt"))


async def test_a_child_wakes_who_waits_for_it(each_url: str) -> None:
    supplier = Supplier()
    async with App(shop, store=each_url, provide={Supplier: supplier}) as app:
        await app.start(Feast(dishes=("soup", "fish")), id="1")
        view = await app.sagas.ended(Feast, "1", timeout=20)
        assert view.status == "completed"
        assert [one.id async for one in app.sagas.find(Deliver)] == ["1/fish", "1/soup"]
    assert supplier.skus == ["soup", "fish"]


class Changed(Saga, name="Restock", deadline=timedelta(hours=1)):
    skus: tuple[str, ...]

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        for sku in self.skus[1:]:
            await _order(steps, supplier, sku)


async def _waiting(store: MemoryStore, supplier: Supplier, clock: ManualClock | None = None) -> None:
    """Tea is ordered, and salt is tried again in a minute."""
    first = Context("shop")
    first.saga(Restock)
    async with App(first, store=store, clock=clock, provide={Supplier: supplier}) as app:
        await app.start(Restock(skus=("tea", "salt")), id="1")
        await app.settle()


async def test_a_function_that_asks_no_more_for_what_was_done_is_stuck_and_never_guessed_at(
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed, store = Context("shop"), MemoryStore()
    changed.saga(Changed)
    supplier = Supplier(silent=frozenset({"salt"}))
    await _waiting(store, supplier)
    async with App(changed, store=store, provide={Supplier: supplier}) as app:
        await app.sagas.abort(Changed, "1", who="Ada", why="it is not needed")
        view = await app.sagas.ended(Changed, "1", timeout=20)
        assert view.status == "stuck"
    assert supplier.cancelled == []
    why = "the function of this version does not ask again for what was begun: order tea"
    assert (view.reason or "").endswith(why), view.reason
    [told] = [one.getMessage() for one in caplog.records if one.levelname in ("WARNING", "ERROR")][1:]
    assert f"is stuck: {view.reason}. See: leftfold sagas list" in told


class Reordered(Saga, name="Restock", deadline=timedelta(hours=1)):
    skus: tuple[str, ...]

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        await _order(steps, supplier, "rice")
        for sku in self.skus:
            await _order(steps, supplier, sku)


async def test_a_function_that_has_a_new_step_before_what_was_done_is_stuck_before_it_does_anything() -> None:
    changed, clock = Context("shop"), ManualClock()
    changed.saga(Reordered)
    store, supplier = MemoryStore(clock=clock), Supplier(silent=frozenset({"salt"}))
    await _waiting(store, supplier, clock)
    clock.advance(timedelta(minutes=2))
    async with App(changed, store=store, clock=clock, provide={Supplier: supplier}) as app:
        view = await app.sagas.ended(Reordered, "1", timeout=20)
        assert view.status == "stuck"
        assert [one.name for one in view.steps] == ["order tea", "order salt"]
    assert "rice" not in supplier.skus


class Counted(Saga, name="Restock", deadline=timedelta(hours=1)):
    skus: tuple[str, ...]

    async def run(self, steps: Steps, supplier: Supplier) -> None:
        for sku in self.skus:
            order = cast("Callable[[Attempt], Awaitable[int]]", partial(supplier.order, sku))
            undo = cast("Callable[[Outcome[int], Attempt], Awaitable[None]]", partial(supplier.cancel, sku))
            await steps.do(f"order {sku}", order, returns=int, undo=undo)


async def test_a_function_that_reads_a_result_otherwise_is_stuck_and_goes_on_with_the_code_that_reads_it() -> None:
    changed, same, clock = Context("shop"), Context("shop"), ManualClock()
    changed.saga(Counted)
    same.saga(Restock)
    store, supplier = MemoryStore(clock=clock), Supplier(silent=frozenset({"salt"}))
    await _waiting(store, supplier, clock)
    clock.advance(timedelta(minutes=2))
    async with App(changed, store=store, clock=clock, provide={Supplier: supplier}) as app:
        view = await app.sagas.ended(Counted, "1", timeout=20)
        assert (view.status, view.back, supplier.cancelled) == ("stuck", False, [])
        assert "step 'order tea' returned what this code does not read: " in (view.reason or "")
    supplier.silent = frozenset()
    async with App(same, store=store, clock=clock, provide={Supplier: supplier}) as app:
        await app.sagas.retry(Restock, "1", who="Ada", why="the code is back")
        view = await app.sagas.ended(Restock, "1", timeout=20)
    assert (view.status, view.reason, supplier.skus) == ("completed", None, ["tea", "salt"])


async def test_a_child_that_is_no_saga_here_is_told_by_its_name() -> None:
    feasting = Context("shop")
    feasting.saga(Feast)
    async with App(feasting, store="memory:", provide={Supplier: Supplier()}) as app:
        await app.start(Feast(dishes=("soup",)), id="1")
        view = await app.sagas.ended(Feast, "1", timeout=20)
        assert view.status == "compensated"
        assert (view.reason or "").endswith(
            "Deliver is no saga of this context; register it: @context.saga above the class"
        )


class Loose(Saga):
    async def run(self, steps: Steps, supplier: Supplier) -> None:
        await _order(steps, supplier, "first")
        wrong: Any = 3
        await steps.do("second", partial(supplier.order, "second"), undo=None, returns=str, retry=wrong)


async def test_a_step_whose_words_are_of_other_types_has_the_function_undone() -> None:
    supplier = Supplier()
    context = Context("stock")
    context.saga(Loose)
    async with App(context, store="memory:", clock=ManualClock(), provide={Supplier: supplier}) as app:
        await app.start(Loose(), id="1")
        view = await app.sagas.ended(Loose, "1")
    assert (view.status, supplier.skus) == ("compensated", [])
    assert "step 'second': retry=3; give a Retry" in (view.reason or "")


def test_a_saga_has_steps_or_a_function() -> None:
    with pytest.raises(DefinitionError, match="a function run and the step 'order'"):

        class Both(Saga):  # pyright: ignore[reportUnusedClass]
            @step(undoable=False)
            async def order(self) -> None: ...

            async def run(self, steps: Steps) -> None: ...


def test_a_function_takes_steps_once_and_no_attempt_for_each_step_has_its_own() -> None:
    class Keyed(Saga):
        async def run(self, steps: Steps, attempt: Attempt, more: Steps) -> None: ...

    context = Context("shop")
    context.saga(Keyed)
    with pytest.raises(DefinitionError) as refused:
        App(context, store="memory:")
    assert "run takes an Attempt, and is none itself; each step that it does is given one" in str(refused.value)
    assert "run takes Steps twice" in str(refused.value)


def test_a_function_takes_steps() -> None:
    class Nothing(Saga):
        async def run(self, supplier: Supplier) -> None: ...

    context = Context("shop")
    context.saga(Nothing)
    with pytest.raises(DefinitionError, match="run takes no Steps"):
        App(context, store="memory:", provide={Supplier: Supplier()})
