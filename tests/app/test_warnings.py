"""The log says once what a follower could not do: which key, at which event, and why."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from leftfold import App, Context, Event
from leftfold.handling import CorrelationFilter
from leftfold.messages import Metadata
from leftfold.store import Envelope, Expected
from leftfold.subscriptions import Failing, Policy, Timing


class Weighed(Event):
    parcel: str
    grams: int


@dataclass(frozen=True)
class Weight:
    parcel: str
    grams: int


def _post(failing: Failing) -> Context:
    post = Context("post")

    @post.projection(key="parcel", policy=Policy(failing=failing))
    def weights(_row: Weight | None, event: Weighed) -> Weight:
        if event.grams < 0:
            raise ValueError("lighter than air")
        return Weight(event.parcel, event.grams)

    assert all((weights,))
    return post


async def _told(failing: Failing, caplog: pytest.LogCaptureFixture, *events: Weighed | Envelope) -> list[str]:
    with caplog.at_level(logging.WARNING, "leftfold"):
        async with App(_post(failing), store="memory:", workers=Timing(poll_s=0.05)) as app:
            appended = await app.events.append("scale-1", *events, expected=Expected.ANY)
            await app.monitor.wait("weights", position=appended.position)
    return [record.getMessage() for record in caplog.records if record.name == "leftfold"]


async def test_a_parked_key_is_told_once_and_what_waits_behind_it_is_not(caplog: pytest.LogCaptureFixture) -> None:
    events = [Weighed(parcel="P", grams=grams) for grams in (5, -1, 6, -2)] + [Weighed(parcel="Q", grams=1)]
    (told,) = await _told(Failing.PARK, caplog, *events)
    assert told == (
        "weights@1.1 parked 'P' at position 2 of stream 'scale-1': ValueError: lighter than air. "
        "See: leftfold dead-letters list"
    )


async def test_the_record_has_where_the_error_was_raised(caplog: pytest.LogCaptureFixture) -> None:
    await _told(Failing.PARK, caplog, Weighed(parcel="P", grams=-1))
    (record,) = [each for each in caplog.records if each.name == "leftfold"]
    assert 'raise ValueError("lighter than air")' in logging.Formatter().format(record)


async def test_the_record_says_to_which_request_the_event_belongs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(CorrelationFilter())
    weighed = Envelope(event=Weighed(parcel="P", grams=-1), metadata=Metadata(correlation_id="request 7"))
    await _told(Failing.PARK, caplog, weighed)
    (record,) = [each for each in caplog.records if each.name == "leftfold"]
    assert vars(record)["correlation_id"] == "request 7"


async def test_each_skipped_event_is_told(caplog: pytest.LogCaptureFixture) -> None:
    events = [Weighed(parcel="P", grams=grams) for grams in (5, -1, 6, -2)]
    assert await _told(Failing.SKIP, caplog, *events) == [
        f"weights@1.1 skipped an event of 'P' at position {position} of stream 'scale-1': "
        "ValueError: lighter than air. See: leftfold dead-letters list"
        for position in (2, 4)
    ]


async def test_a_key_whose_row_no_store_can_hold_is_told_like_one_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    events = [Weighed(parcel="P", grams=1), Weighed(parcel="Q", grams=2**70), Weighed(parcel="R", grams=3)]
    (told,) = await _told(Failing.PARK, caplog, *events)
    assert told.startswith("weights@1.1 parked 'Q' at position 2 of stream 'scale-1': ")
