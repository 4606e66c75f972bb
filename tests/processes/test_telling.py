"""What the log says of tries of steps and undos that fail."""

from __future__ import annotations

import logging
import re

import pytest

from leftfold import App
from leftfold.handling import CorrelationFilter
from tests.processes.grounds import WAIT_S, Ground, World
from tests.processes.parcels import Buy, Declined, PlaceOrder, mailing, shop
from tests.processes.test_guided_sagas import Feast, Supplier
from tests.processes.test_guided_sagas import shop as kitchen

_MOMENT = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+00:00")


def _told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Level and message of what was said of tries, without moments."""
    said = [(record.levelno, record.getMessage()) for record in caplog.records]
    return [(level, _MOMENT.sub("WHEN", message)) for level, message in said if ", try " in message]


async def test_each_try_that_fails_is_told_with_its_error_and_when_the_next_one_comes(
    ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    cut, down = ConnectionError("cut"), OSError("down")
    world = World(charge=[cut, cut])
    world.answers["refund InDoubt(reason='ConnectionError: cut')"] = [down]
    caplog.handler.addFilter(CorrelationFilter())
    with caplog.at_level(logging.INFO, "leftfold"):
        async with ground.app(shop, mailing, world=world) as app:
            await app.start(PlaceOrder(order="7"), id="1")
            assert (await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)).status == "compensated"
    of = "step 'charge' of saga/shop.PlaceOrder/1 failed"
    assert _told(caplog) == [
        (logging.WARNING, f"{of}, try 1, tried again at WHEN: ConnectionError: cut"),
        (logging.WARNING, f"{of}, try 2, not tried again: ConnectionError: cut"),
        (logging.WARNING, f"the undo of {of}, try 1, tried again at WHEN: OSError: down"),
    ]
    ids = {vars(record)["correlation_id"] for record in caplog.records if ", try " in record.getMessage()}
    assert ids == {"saga/shop.PlaceOrder/1"}


async def test_a_refusal_is_an_answer_and_no_warning(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "leftfold"):
        async with ground.app(shop, mailing, world=World(charge=[Declined()])) as app:
            await app.start(PlaceOrder(order="7"), id="1")
            await app.sagas.ended(PlaceOrder, "1", timeout=WAIT_S)
    [(level, message)] = _told(caplog)
    assert level == logging.INFO
    assert message.startswith("step 'charge' of saga/shop.PlaceOrder/1 was refused, try 1, not tried again: Declined")


async def test_tries_of_steps_begun_together_and_of_one_in_a_commit_are_told_as_well(
    ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "leftfold"):
        async with ground.app(shop, mailing, world=World(two=[OSError("down")])) as app:
            await app.start(Buy(), id="1")
            assert (await app.sagas.ended(Buy, "1", timeout=WAIT_S)).status == "completed"
            for id in "23":  # the second one finds the order there, when it confirms it
                await app.start(PlaceOrder(order="7"), id=id)
                await app.sagas.ended(PlaceOrder, id, timeout=WAIT_S)
    told = [message for level, message in _told(caplog) if level == logging.WARNING]
    of = "step 'confirm' of saga/shop.PlaceOrder/3 failed"
    assert [message.partition(": Conflict: ")[0] for message in told] == [
        "step 'two' of saga/shop.Buy/1 failed, try 1, tried again at WHEN: OSError: down",
        f"{of}, try 1, tried again at WHEN",
        f"{of}, try 2, not tried again",
    ]


async def test_to_wait_for_a_child_that_is_being_undone_is_told_of_nobody(caplog: pytest.LogCaptureFixture) -> None:
    supplier = Supplier(refusing=frozenset({"fish"}))
    with caplog.at_level(logging.INFO, "leftfold"):
        async with App(kitchen, store="memory:", provide={Supplier: supplier}) as app:
            await app.start(Feast(dishes=("soup", "fish")), id="1")
            view = await app.sagas.ended(Feast, "1", timeout=WAIT_S)
    assert [(one.name, one.status) for one in view.steps] == [("soup", "undone"), ("fish", "refused")]
    assert [(level, message.partition(" of ")[2].partition(",")[0]) for level, message in _told(caplog)] == [
        (logging.INFO, "saga/shop.Deliver/1/fish was refused")
    ]
