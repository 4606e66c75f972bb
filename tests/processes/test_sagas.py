"""Sagas through an app on every store: how each ends, and what was called meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from leftfold import App, Context, DefinitionError, Metadata, Saga, step
from leftfold.errors import InvalidInput, InvalidQuery, NotEnded, NotPossible, UnknownInstance
from leftfold.processes import SagaView
from tests.processes.grounds import WAIT_S, Call, Ground, World
from tests.processes.parcels import Box, Boxed, Buy, Declined, Fill, Mail, Move, Order, PlaceOrder, Sell, mailing, shop


async def end(app: App, saga: Saga, id: str = "1") -> SagaView:
    """Begin it and wait until it has ended."""
    await app.start(saga, id=id)
    return await app.sagas.ended(type(saga), id, timeout=WAIT_S)


def standing(view: SagaView) -> dict[str, str]:
    """How each step stands."""
    return {one.name: one.status for one in view.steps}


async def test_a_saga_does_its_steps_in_order_and_is_completed(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        begun = await app.start(PlaceOrder(order="7"), id="1", metadata=Metadata(actor="ann", correlation_id="c-1"))
        view = await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
        (confirmed,) = (await app.running("shop").loader.events.read_log()).events
        (sent,) = (await app.running("mailing").loader.events.read_log()).events
    assert (begun.id, begun.repeated, view.status, view.saga, view.version) == (
        "1",
        False,
        "completed",
        "shop.PlaceOrder",
        1,
    )
    assert world.names == ["reserve", "charge", "mail"]
    assert [call.key for call in world.calls] == [f"saga/shop.PlaceOrder/1/{name}/do" for name in world.names]
    assert standing(view) == dict.fromkeys(["reserve", "charge", "confirm", "mail"], "done")
    assert (view.owner, view.wake_at, view.reason, view.overdue) == (None, None, None, False)
    for event in (confirmed, sent):
        assert (event.metadata.correlation_id, event.metadata.causation_id) == ("c-1", "saga/shop.PlaceOrder/1")
    assert sent.metadata.command_id == "saga/shop.PlaceOrder/1/mail/do"


async def test_what_a_step_changes_is_saved_when_it_is_done_and_forgotten_when_it_fails(ground: Ground) -> None:
    world = World(reserve=[ConnectionError("gone"), ConnectionError("gone"), "hold 3"], charge=[Declined()])
    async with ground.app(shop, mailing, world=world) as app:
        failed = await end(app, PlaceOrder(order="7"))
        done = await end(app, PlaceOrder(order="8"), "2")
    assert failed.fields == '{"order":"7","hold":"hold 3","tries":1,"mailed":null}'
    assert done.fields == '{"order":"8","hold":"reserve done","tries":1,"mailed":"mail about 8"}'


async def test_a_refused_step_is_not_tried_again_and_those_before_it_are_undone_with_their_results(
    ground: Ground,
) -> None:
    world = World(charge=[Declined()])
    async with ground.app(shop, mailing, world=world) as app:
        view = await end(app, PlaceOrder(order="7"))
    assert (view.status, view.back, standing(view)) == ("compensated", True, {"reserve": "undone", "charge": "refused"})
    assert view.reason == "step 'charge' was refused: Declined: The card was declined."
    key = "saga/shop.PlaceOrder/1/reserve"
    assert world.calls[-1] == Call("release Done(value='reserve done')", f"{key}/undo", 1, f"{key}/do")
    assert world.names == ["reserve", "charge", "release Done(value='reserve done')"]


async def test_a_step_in_doubt_is_tried_again_under_its_key_and_then_undone_first(ground: Ground) -> None:
    world = World(charge=[ConnectionError("cut"), ConnectionError("cut again")])
    async with ground.app(shop, mailing, world=world) as app:
        view = await end(app, PlaceOrder(order="7"))
    assert (view.status, standing(view)) == ("compensated", {"reserve": "undone", "charge": "undone"})
    assert world.names[1:] == [
        "charge",
        "charge",
        "refund InDoubt(reason='ConnectionError: cut again')",
        "release Done(value='reserve done')",
    ]
    charges = [call for call in world.calls if call.what == "charge"]
    assert [(call.key, call.number) for call in charges] == [(charges[0].key, 1), (charges[0].key, 2)]


async def test_a_step_that_does_not_answer_in_time_is_in_doubt_and_its_late_success_is_undone(ground: Ground) -> None:
    world = World(charge=[asyncio.Event(), asyncio.Event()])
    async with ground.app(shop, mailing, world=world) as app:
        view = await end(app, PlaceOrder(order="7"))
    assert (view.status, world.cancelled) == ("compensated", ["charge", "charge"])
    assert "refund InDoubt(reason='NoAnswer: no answer within 0.15 s')" in world.names


async def test_a_step_that_was_late_once_is_done_by_its_next_try_and_undone_by_nobody(ground: Ground) -> None:
    world = World(charge=[asyncio.Event()])
    async with ground.app(shop, mailing, world=world) as app:
        view = await end(app, PlaceOrder(order="7"))
    assert (view.status, world.names) == ("completed", ["reserve", "charge", "charge", "mail"])


async def test_an_undo_that_keeps_failing_is_parked_and_the_others_still_run(ground: Ground) -> None:
    refund = "refund InDoubt(reason='ConnectionError: cut')"
    world = World(charge=[ConnectionError("cut")] * 2, **{refund: [OSError("a"), OSError("b")]})
    async with ground.app(shop, mailing, world=world) as app:
        view = await end(app, PlaceOrder(order="7"))
    assert (view.status, standing(view)) == ("stuck", {"reserve": "undone", "charge": "parked"})
    assert [one.error for one in view.steps if one.name == "charge"] == ["OSError: b"]
    assert world.names[-3:] == [refund, refund, "release Done(value='reserve done')"]


async def test_parallel_steps_are_under_way_together_and_what_they_change_is_kept_of_both(ground: Ground) -> None:
    first, second = asyncio.Event(), asyncio.Event()
    world = World(one=[first], two=[second])
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(Buy(), id="1")
        await world.arrived("one")
        await world.arrived("two")
        second.set()
        first.set()
        view = await app.sagas.ended(Buy, "1", timeout=WAIT_S)
    assert (view.status, view.fields) == ("completed", '{"left":"one done","right":"two done","clash":false}')


async def test_a_parallel_step_that_fails_waits_for_the_others_and_all_are_undone_in_reverse(ground: Ground) -> None:
    held = asyncio.Event()
    world = World(one=[Declined()], two=[held])
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(Buy(), id="1")
        await world.arrived("two")
        held.set()
        view = await app.sagas.ended(Buy, "1", timeout=WAIT_S)
        again = await end(app, Buy(), "2")
        world.answers["look"] = [Declined()]
        world.calls.clear()
        both = await end(app, Buy(), "3")
    assert (view.status, standing(view)) == ("compensated", {"one": "refused", "two": "undone"})
    assert (again.status, both.status) == ("completed", "compensated")
    assert world.names[2:] == ["look", "untwo", "unone"]


async def test_parallel_steps_that_change_the_same_field_are_told_so_and_undone(ground: Ground) -> None:
    async with ground.app(shop, mailing, world=World()) as app:
        view = await end(app, Buy(clash=True))
    assert view.status == "compensated"
    assert "are begun together and both change 'left'" in str(view.reason)


async def test_a_transactional_step_happens_once_though_another_writer_comes_between(ground: Ground) -> None:
    async with ground.app(shop, mailing) as app:
        boxes = app.repository(Box)
        await boxes.edit("shared", Box.fill, "first")

        async def write() -> None:
            for _ in range(30):
                await boxes.edit("shared", Box.fill, "between")

        ends = asyncio.gather(*(end(app, Fill(what=f"{number}"), f"{number}") for number in range(10)))
        views, _ = await asyncio.gather(ends, write())
        page = await app.running("shop").loader.events.read_log()
    assert {view.status for view in views} == {"completed"}
    filled = Counter(one.event.what for one in page.events if isinstance(one.event, Boxed))
    assert filled == {"first": 1, "between": 30, **{f"{number}": 1 for number in range(10)}}


async def test_a_transactional_step_that_can_never_be_stored_gives_up_and_what_was_before_it_is_undone(
    ground: Ground,
) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await app.repository(Order).edit("7", Order.note, "was here first")
        view = await end(app, PlaceOrder(order="7"))
    assert (view.status, standing(view)["confirm"]) == ("compensated", "refused")
    assert "Conflict" in str(view.reason)


async def test_a_transactional_undo_is_one_commit_however_often_it_is_tried(ground: Ground) -> None:
    world = World(check=[Declined()], empty=["lost", "lost"])
    async with ground.app(shop, mailing, world=world) as app:
        view = await end(app, Move(box="b"))
        log = (await app.running("shop").store.read_log()).events
    assert (view.status, standing(view)) == ("compensated", {"fill": "undone", "check": "refused"})
    assert [(one.type, one.stream) for one in log] == [("Boxed", "box-b"), ("Unboxed", "box-b")]
    assert next(one.undo_tries for one in view.steps if one.name == "fill") == 3


async def test_a_saga_that_was_begun_before_is_left_as_it_is(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        begun = await asyncio.gather(*(app.start(PlaceOrder(order=f"{number}"), id="1") for number in range(5)))
        view = await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
        later = await app.start(PlaceOrder(order="9"), id="1")
        unnamed = [await app.start(PlaceOrder(order=f"new {number}")) for number in range(2)]
        await asyncio.gather(*(app.sagas.ended(PlaceOrder, one.id, timeout=WAIT_S) for one in unnamed))
    assert sorted(one.repeated for one in begun) == [False, True, True, True, True]
    assert later.repeated
    assert world.names.count("charge") == 3
    first = next(number for number, one in enumerate(begun) if not one.repeated)
    assert f'"order":"{first}"' in view.fields
    assert unnamed[0].id != unnamed[1].id


async def test_a_command_sent_by_a_step_is_carried_out_once_however_often_the_step_is_tried(ground: Ground) -> None:
    world = World()
    async with ground.app(shop, mailing, world=world) as app:
        await end(app, PlaceOrder(order="7"))
        world.answers["reserve"] = [ConnectionError("x")]
        await end(app, PlaceOrder(order="8"), "2")
        mails = [await app.repository(Mail).get(id) for id in ("7", "8")]
    assert [mail.version for mail in mails] == [1, 1]


async def test_a_field_of_another_type_is_refused_before_anything_is_stored(ground: Ground) -> None:
    wrong: object = 7
    async with ground.app(shop, mailing, world=World()) as app:
        with pytest.raises(InvalidInput, match=r"saga shop\.PlaceOrder cannot begin with"):
            await app.start(PlaceOrder(order=wrong), id="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with pytest.raises(UnknownInstance, match="has not begun, or was forgotten"):
            await app.sagas.show(PlaceOrder, "1")


async def test_a_saga_that_no_context_has_is_refused(ground: Ground) -> None:
    class Stranger(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

    async with ground.app(shop, mailing, world=World()) as app:
        with pytest.raises(DefinitionError, match="no context here has the saga"):
            await app.start(Stranger())


async def test_who_waits_for_a_saga_that_has_not_ended_is_told_how_it_stands(ground: Ground) -> None:
    held = asyncio.Event()
    world = World(reserve=[held])
    async with ground.app(shop, mailing, world=world) as app:
        await app.start(Sell(), id="1")
        with pytest.raises(NotEnded, match="is running after 0 s, and goes on where a worker runs"):
            await app.sagas.ended(Sell, "1", timeout=0)
        await world.arrived("reserve")
        assert [one.id async for one in app.sagas.find(Sell, statuses=["running"])] == ["1"]
        held.set()
        world.answers["pay"] = ["12"]
        assert (await app.sagas.ended(Sell, "1", timeout=WAIT_S)).status == "completed"
        assert [one.id async for one in app.sagas.find("shop.Sell", statuses=["completed"])] == ["1"]


async def test_a_completed_saga_is_not_aborted(ground: Ground) -> None:
    async with ground.app(shop, mailing, world=World()) as app:
        await end(app, Buy())
        with pytest.raises(NotPossible, match="it is completed"):
            await app.sagas.abort(Buy, "1", who="ann", why="changed her mind")
        assert (await app.sagas.show(Buy, "1")).interventions == ()


async def test_sagas_of_two_contexts_may_have_one_name_and_are_told_apart_by_class_and_by_full_name() -> None:
    first, second = Context("first"), Context("second")

    def close(context: Context) -> type[Saga]:
        @context.saga
        class Close(Saga):
            @step(undoable=False)
            async def one(self) -> None: ...

        return Close

    one, other = close(first), close(second)
    async with App(first, second, store="memory:") as app:
        await app.start(one(), id="1")
        await app.start(other(), id="1")
        assert (await app.sagas.ended(one, "1")).saga == "first.Close"
        assert (await app.sagas.ended("second.Close", "1")).saga == (await app.sagas.show(other, "1")).saga
        with pytest.raises(InvalidQuery, match=r"2 sagas are called 'Close'; there is first\.Close, second\.Close"):
            await app.sagas.show("Close", "1")
        assert [view.saga async for view in app.sagas.find()] == ["first.Close", "second.Close"]
