"""What a person can do with a saga that is stuck, or should not go on: it is done once, and noted with who and why."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import cast

import pytest
from msgspec.structs import replace

from leftfold import App, Attempt, Context, Outcome, Retry, Saga, step
from leftfold.errors import InvalidInput, InvalidQuery, NotPossible, UnknownInstance
from leftfold.handling import CorrelationFilter
from leftfold.processes import SagaView
from tests.processes.grounds import WAIT_S, Ground, World
from tests.processes.parcels import Declined, PlaceOrder, Sell, mailing, shop

_REFUND = "refund InDoubt(reason='ConnectionError: cut')"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOST = [ConnectionError("cut")] * 2


def at_any_time(view: SagaView) -> SagaView:
    """Without the two moments, which who carries an instance on itself has only about."""
    return replace(view, began_at=_EPOCH, changed_at=_EPOCH)


async def _parked_undo(app: App, world: World) -> SagaView:
    """A saga with the refund of a charge in doubt parked."""
    world.answers["charge"] = [*_LOST]
    world.answers[_REFUND] = [OSError("down"), OSError("down")]
    await app.start(PlaceOrder(order="7"), id="1")
    view = await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
    assert (view.status, standing(view)) == ("stuck", {"reserve": "undone", "charge": "parked"})
    return view


async def _parked_pivot(app: App, world: World) -> SagaView:
    """A saga with a payment in doubt, which nothing undoes."""
    world.answers["pay"] = [ConnectionError("cut"), asyncio.Event()]
    await app.start(Sell(), id="1")
    view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
    assert (view.status, view.back, standing(view)) == ("stuck", False, {"reserve": "done", "pay": "parked"})
    assert world.names == ["reserve", "pay", "pay"]
    return view


def standing(view: SagaView) -> dict[str, str]:
    return {one.name: one.status for one in view.steps}


async def test_the_log_says_which_saga_is_stuck_and_why(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    caplog.handler.addFilter(CorrelationFilter())
    with caplog.at_level(logging.WARNING, "leftfold"):
        async with ground.app(shop, mailing, world=world) as app:
            await _parked_undo(app, world)
    (record,) = [record for record in caplog.records if "stuck" in record.getMessage()]
    assert record.getMessage() == (
        "saga shop.PlaceOrder '1' is stuck: the undo of step 'charge' is parked: OSError: down. "
        "See: leftfold sagas list --status stuck"
    )
    assert vars(record)["correlation_id"] == "saga/shop.PlaceOrder/1"


async def test_a_parked_undo_is_tried_again_as_often_as_at_first(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await _parked_undo(app, world)
        world.answers[_REFUND] = [OSError("still down")]
        await app.sagas.retry(PlaceOrder, "1", who="ann", why="the bank is back")
        view = await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
    assert (view.status, standing(view)) == ("compensated", {"reserve": "undone", "charge": "undone"})
    assert world.names.count(_REFUND) == 4
    assert "down" not in str(view.steps[1].error), "what is done is no error any more"
    (note,) = view.interventions
    assert (note.verb, note.step, note.who, note.why) == ("retry", None, "ann", "the bank is back")


@pytest.mark.parametrize(("verb", "left"), [("skip", "skipped"), ("resolve", "undone")])
async def test_a_parked_undo_is_passed_over_or_taken_as_done_by_hand(ground: Ground, verb: str, left: str) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await _parked_undo(app, world)
        mend = app.sagas.skip if verb == "skip" else app.sagas.resolve
        await mend("PlaceOrder", "1", who="bob", why="paid back in cash", step="charge")
        view = await app.sagas.ended("shop.PlaceOrder", "1", timeout=WAIT_S)
    assert (view.status, standing(view)) == ("compensated", {"reserve": "undone", "charge": left})
    assert world.names.count(_REFUND) == 2
    assert [(one.verb, one.step, one.who) for one in view.interventions] == [(verb, "charge", "bob")]


async def test_a_parked_undo_that_fails_again_is_stuck_again(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await _parked_undo(app, world)
        world.answers[_REFUND] = [OSError("down"), OSError("down")]
        await app.sagas.retry(PlaceOrder, "1", who="ann", why="hope")
        view = await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
    assert (view.status, standing(view)["charge"], len(view.interventions)) == ("stuck", "parked", 1)
    assert world.names.count("release Done(value='reserve done')") == 1


async def test_a_pivot_in_doubt_is_resolved_with_what_it_returned_and_the_saga_goes_on(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await _parked_pivot(app, world)
        with pytest.raises(NotPossible, match="step 'pay' does not return 'null'"):
            await app.sagas.resolve(Sell, "1", who="ann", why="the money is there")
        with pytest.raises(NotPossible, match="'pay' is the pivot"):
            await app.sagas.skip(Sell, "1", who="ann", why="who cares")
        await app.sagas.resolve(Sell, "1", who="ann", why="the money is there", result=b"12")
        view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
    assert (view.status, world.names[-1]) == ("completed", "thank")
    pay = next(one for one in view.steps if one.name == "pay")
    assert (bytes(pay.result), pay.doubt) == (b"12", None)


async def test_a_pivot_in_doubt_is_tried_again(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await _parked_pivot(app, world)
        world.answers["pay"] = [ConnectionError("cut"), "12"]
        await app.sagas.retry(Sell, "1", who="ann", why="the line is back")
        view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
    assert (view.status, world.names.count("pay")) == ("completed", 4)
    assert len({call.key for call in world.calls if call.what == "pay"}) == 1


async def test_who_knows_that_a_pivot_in_doubt_was_not_done_aborts_and_all_before_it_is_undone(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await _parked_pivot(app, world)
        await app.sagas.abort(Sell, "1", who="ann", why="no money came")
        view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
    assert (view.status, view.reason) == ("compensated", "aborted by ann: no money came")
    assert (standing(view), world.names[-1]) == ({"reserve": "undone", "pay": "refused"}, "release")


@pytest.mark.parametrize("verb", ["retry", "skip", "resolve"])
async def test_a_step_behind_the_pivot_that_is_parked_is_mended_and_never_undone(ground: Ground, verb: str) -> None:
    world = World(pay=["12"], thank=[Declined()])
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(Sell(), id="1")
        stuck = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
        with pytest.raises(NotPossible, match="its pivot is done"):
            await app.sagas.abort(Sell, "1", who="ann", why="too late")
        mend = {"retry": app.sagas.retry, "skip": app.sagas.skip, "resolve": app.sagas.resolve}[verb]
        await mend(Sell, "1", who="ann", why="mended")
        view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
    assert (stuck.status, standing(stuck)["thank"]) == ("stuck", "parked")
    assert (view.status, "release" in world.names) == ("completed", False)
    assert world.names.count("thank") == (2 if verb == "retry" else 1)


async def test_aborted_while_it_waits_for_its_next_try_it_is_undone_at_once(ground: Ground) -> None:
    world = World(charge=[ConnectionError("cut")] * 2)
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(PlaceOrder(order="7"), id="1")
        await world.arrived("charge")
        await app.sagas.abort(PlaceOrder, "1", who="ann", why="enough")
        view = await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
    assert view.status == "compensated"
    assert standing(view) == {"reserve": "undone", "charge": "undone"}


async def test_aborted_in_mid_step_it_is_undone_only_when_nobody_is_doing_it_any_more(ground: Ground) -> None:
    world = World(reserve=[asyncio.Event()])
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(Sell(), id="1")
        await world.arrived("reserve")
        await app.sagas.abort(Sell, "1", who="ann", why="enough")
        await world.arrived("release")
        assert world.cancelled == ["reserve"]
        view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["reserve", "release"])


async def test_what_an_app_was_closed_in_the_midst_of_is_undone_when_it_is_aborted_before_anybody_goes_on(
    ground: Ground,
) -> None:
    world = World(charge=[asyncio.Event()])
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(PlaceOrder(order="7"), id="1")
        await world.arrived("charge")
    async with ground.app(shop, mailing, world=world, workers=False) as app:
        await app.sagas.abort(PlaceOrder, "1", who="ann", why="enough")
    async with ground.app(shop, mailing, world=world) as app:
        view = await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
    assert (view.status, standing(view)) == ("compensated", {"reserve": "undone", "charge": "undone"})
    assert world.names == [
        "reserve",
        "charge",
        "refund InDoubt(reason='aborted by ann: enough')",
        "release Done(value='reserve done')",
    ]


class Losing(Saga):
    """The undos of two steps are parked, and that of the first one is under way."""

    @step
    async def one(self, world: World, attempt: Attempt) -> None: ...

    @one.undo
    async def unone(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("unone", attempt)

    @step
    async def two(self, world: World, attempt: Attempt) -> None: ...

    @two.undo(retry=Retry(attempts=1))
    async def untwo(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("untwo", attempt)

    @step
    async def three(self, world: World, attempt: Attempt) -> None: ...

    @three.undo(retry=Retry(attempts=1))
    async def unthree(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("unthree", attempt)

    @step(undoable=False)
    async def four(self) -> None:
        raise Declined


async def test_two_people_who_mend_it_at_once_have_nothing_begun_that_another_process_is_in_the_midst_of(
    ground: Ground,
) -> None:
    world = World(unone=[asyncio.Event()], untwo=[OSError("down")], unthree=[OSError("down")])
    losing = Context("losing")
    losing.saga(Losing)
    async with ground.app(losing, world=world) as app, ground.app(losing, world=world, workers=False) as another:
        await app.start(Losing(), id="1")
        await world.arrived("unone")
        id, store = "saga/losing.Losing/1", another.running("losing").store
        held = (await store.work([id]))[id]
        await another.sagas.retry(Losing, "1", who="ann", why="it is up", step="two")
        await another.sagas.retry(Losing, "1", who="bob", why="so is this", step="three")
        left = (await store.work([id]))[id]
        assert left.owner is None
        assert left.wake_at is not None
        assert held.wake_at is not None
        assert left.wake_at >= held.wake_at
        view = await app.sagas.ended(Losing, "1", timeout=WAIT_S)
    assert (view.status, world.cancelled) == ("compensated", ["unone"])
    assert world.names == ["unthree", "untwo", "unone", "unthree", "untwo", "unone"]


async def test_aborted_twice_it_is_undone_once(ground: Ground) -> None:
    held = asyncio.Event()
    world = World(release=[held])
    async with ground.app(shop, mailing, world=world) as app:
        world.answers["reserve"] = [asyncio.Event()]
        await app.start(Sell(), id="1")
        await world.arrived("reserve")
        await app.sagas.abort(Sell, "1", who="ann", why="enough")
        await world.arrived("release")
        again = await app.sagas.abort(Sell, "1", who="bob", why="me too")
        held.set()
        view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
        after = await app.sagas.abort(Sell, "1", who="cem", why="and me")
    assert (again.status, view.status) == ("compensating", "compensated")
    assert at_any_time(after) == at_any_time(view)
    assert (world.names, world.cancelled) == (["reserve", "release"], ["reserve"])
    assert [one.who for one in view.interventions] == ["ann"]


async def test_a_pivot_that_is_under_way_is_not_aborted(ground: Ground) -> None:
    held = asyncio.Event()
    world = World(pay=[ConnectionError("cut"), held])
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(Sell(), id="1")
        await world.arrived("pay")
        with pytest.raises(NotPossible, match="its pivot 'pay' is under way"):
            await app.sagas.abort(Sell, "1", who="ann", why="enough")
        view = await app.sagas.ended(Sell, "1", timeout=WAIT_S)
    assert (view.status, view.interventions) == ("stuck", ())


async def test_nothing_is_mended_that_is_not_parked(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        view = await _parked_undo(app, world)
        with pytest.raises(NotPossible, match="step 'reserve' not parked; parked: charge"):
            await app.sagas.retry(PlaceOrder, "1", who="ann", why="?", step="reserve")
        await app.start(PlaceOrder(order="8"), id="2")
        await app.sagas.ended(PlaceOrder, "2", timeout=WAIT_S)
        with pytest.raises(NotPossible, match="it has ended, and is completed; nothing of it is parked"):
            await app.sagas.skip(PlaceOrder, "2", who="ann", why="?")
        with pytest.raises(NotPossible, match="it has ended, and is completed"):
            await app.sagas.retry(PlaceOrder, "2", who="ann", why="?")
        with pytest.raises(UnknownInstance, match=r"saga/shop\.PlaceOrder/3"):
            await app.sagas.retry(PlaceOrder, "3", who="ann", why="?")
        with pytest.raises(InvalidQuery, match=r"no sagas are called 'PlaceOrders'; there is shop\.PlaceOrder"):
            await app.sagas.show("PlaceOrders", "1")
        assert at_any_time(await app.sagas.show(PlaceOrder, "1")) == at_any_time(view)


@pytest.mark.parametrize(
    ("who", "why", "told"),
    [
        (None, "enough", "who=None: give a text"),
        ("ann", 7, "why=7: give a text"),
        ("ann", " ", "why=' ': give a text that is not empty"),
        ("", "enough", "who='': give a text that is not empty"),
        ("a\0", "enough", "NUL"),
        ("ann", "\ud800", "surrogate"),
    ],
)
async def test_what_cannot_be_kept_as_who_and_why_is_refused_and_changes_nothing(
    ground: Ground, who: object, why: object, told: str
) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        view = await _parked_undo(app, world)
        with pytest.raises(InvalidInput, match=told):
            await app.sagas.retry(PlaceOrder, "1", who=cast("str", who), why=cast("str", why))
        await app.start(PlaceOrder(order="8"), id="2")
        with pytest.raises(InvalidInput, match=told):
            await app.sagas.abort(PlaceOrder, "2", who=cast("str", who), why=cast("str", why))
        assert (await app.sagas.show(PlaceOrder, "2")).unreadable is None
        assert at_any_time(await app.sagas.show(PlaceOrder, "1")) == at_any_time(view)


async def test_a_step_and_a_result_of_another_type_are_refused(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await _parked_undo(app, world)
        with pytest.raises(InvalidInput, match="step=5: give str, or leave it out"):
            await app.sagas.skip(PlaceOrder, "1", who="ann", why="?", step=cast("str", 5))
        with pytest.raises(InvalidInput, match="result='1': give bytes, or leave it out"):
            await app.sagas.resolve(PlaceOrder, "1", who="ann", why="?", result=cast("bytes", "1"))
