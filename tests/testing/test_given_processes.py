"""Processes in the words of their events: what was handed in, what is handed in now, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

import pytest

from leftfold import IGNORE, CommandRefused, Event, Ignored, Next, TimerDue
from leftfold.errors import DefinitionError, InvalidInput
from leftfold.messages.recorded import RecordedEvent
from leftfold.testing import given
from tests.processes.orders import (
    PATIENCE,
    CancelOrder,
    Fulfilment,
    OrderPlaced,
    PaymentDeclined,
    PaymentReceived,
    Refund,
    RequestPayment,
    Reserve,
    fulfilment,
)

PLACED = OrderPlaced(order_id="A", item="tea", amount=Decimal(5))
PAID = PaymentReceived(order_id="A", amount=Decimal(5))
DECLINED = PaymentDeclined(order_id="A")
LATE = TimerDue(name="payment")
SOLD_OUT = CommandRefused(command="Reserve", error="SoldOut", fields={"warehouse": "north"})


def test_a_process_begins_with_its_first_event() -> None:
    asked = RequestPayment(order_id="A", attempt=1, amount=Decimal(5))
    answer = Next(Fulfilment("A", "awaiting", Decimal(5))).send(asked).timer("payment", PATIENCE)
    given(fulfilment).when(PLACED).then(answer).state(Fulfilment("A", "awaiting", Decimal(5)))


def test_what_was_handed_in_before_is_its_history() -> None:
    reserve = Reserve(order_id="A", warehouse="north")
    paid = Fulfilment("A", "paid", Decimal(5), Decimal(5))
    given(fulfilment, PLACED).when(PAID).then(Next(paid).cancel("payment").send(reserve))


def test_timers_and_refusals_are_handed_in_like_events() -> None:
    given(fulfilment, PLACED, DECLINED, LATE).when(LATE).then(
        Next(Fulfilment("A", "unpaid", Decimal(5), attempt=3)).send(CancelOrder(order_id="A", reason="unpaid")).end()
    )
    given(fulfilment, PLACED, PAID, SOLD_OUT).when(SOLD_OUT).then(
        Next(Fulfilment("A", "refunded", Decimal(5), Decimal(5), warehouse="south"))
        .send(Refund(order_id="A", amount=Decimal(5)), CancelOrder(order_id="A", reason="sold out"))
        .end()
    )


def test_an_event_that_does_not_fit_is_ignored() -> None:
    given(fulfilment).when(PAID).ignores().state(None)
    given(fulfilment, PLACED).when(PLACED).ignores()


def test_once_it_has_ended_everything_is_ignored() -> None:
    given(fulfilment, PLACED, LATE, LATE, LATE).when(PAID, PLACED).then(IGNORE, IGNORE)


def test_another_answer_shows_both() -> None:
    with pytest.raises(AssertionError, match=r"expected:\s+Ignored\(\)\s+happened:\s+Next\(state=Fulfilment"):
        given(fulfilment).when(PLACED).then(IGNORE)
    with pytest.raises(AssertionError, match="it is ignored"):
        given(fulfilment).when(PLACED).ignores()
    with pytest.raises(AssertionError, match="another answer"):
        given(fulfilment).when(PLACED).state(None)


class Seen(Event):
    id: str


@dataclass(frozen=True)
class When:
    at: datetime


def test_a_process_may_look_at_when_an_event_was_recorded() -> None:
    def process(_state: When | None, _event: Seen, recorded: RecordedEvent[Seen]) -> Next[When] | Ignored:
        return Next(When(recorded.recorded_at))

    given(process).when(Seen(id="A")).state(When(datetime(2024, 1, 1, tzinfo=UTC)))


class Timed(Event):
    name: str
    when: timedelta | datetime | None


@dataclass(frozen=True)
class Clock:
    due: datetime | None
    occurred: datetime
    recorded: datetime


def timing(
    _state: Clock | None, event: Timed | TimerDue, recorded: RecordedEvent[Timed | TimerDue]
) -> Next[Clock] | Ignored:
    if isinstance(event, TimerDue):
        return Next(Clock(event.due, recorded.occurred_at, recorded.recorded_at))
    following = Next(Clock(None, recorded.occurred_at, recorded.recorded_at))
    return following.cancel(event.name) if event.when is None else following.timer(event.name, event.when)


BEGIN, SECOND, DAY = datetime(2024, 1, 1, tzinfo=UTC), timedelta(seconds=1), timedelta(days=1)
RING = TimerDue(name="bell")


def test_a_timer_without_a_time_comes_when_it_was_set_to_and_time_goes_on_from_there() -> None:
    bell = Timed(name="bell", when=DAY)
    first, second = BEGIN + DAY, BEGIN + DAY + SECOND + DAY
    given(timing, bell).when(RING).state(Clock(first, first, first))
    given(timing, bell, RING).when(bell).state(Clock(None, first + SECOND, first + SECOND))
    given(timing, bell, RING, bell).when(RING).state(Clock(second, second, second))
    given(timing, bell, Timed(name="bell", when=2 * DAY)).when(RING).state(Clock(*[BEGIN + SECOND + 2 * DAY] * 3))


def test_a_timer_is_set_from_the_time_at_which_its_event_was_recorded() -> None:
    told_late = RecordedEvent(
        event=Timed(name="bell", when=DAY),
        stream="test-1",
        version=1,
        position=1,
        id=UUID(int=1),
        type="Timed",
        schema_version=1,
        occurred_at=BEGIN - DAY,
        recorded_at=BEGIN,
    )
    given(timing, told_late).when(RING).state(Clock(*[BEGIN + DAY] * 3))


def test_a_timer_that_is_set_to_a_moment_comes_then_or_later_when_that_is_over() -> None:
    moment = datetime(2025, 5, 1, tzinfo=UTC)
    given(timing, Timed(name="bell", when=moment)).when(RING).state(Clock(moment, moment, moment))
    over = BEGIN - DAY
    given(timing, Timed(name="bell", when=over)).when(RING).state(Clock(over, over, BEGIN + SECOND))


def test_a_timer_that_a_test_gives_a_time_is_handed_in_as_it_is_whether_it_is_set_or_not() -> None:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    for history in ((), (Timed(name="bell", when=DAY),)):
        at = BEGIN + SECOND * len(history)
        given(timing, *history).when(TimerDue(name="bell", due=due)).state(Clock(due, at, at))


def test_a_timer_without_a_time_that_is_not_set_is_never_handed_in() -> None:
    bell, night = Timed(name="bell", when=DAY), Timed(name="night", when=DAY)
    with pytest.raises(InvalidInput, match=r"timing has not set timer 'bell', .*; set are: none"):
        given(timing).when(RING)
    with pytest.raises(InvalidInput, match=r"set are: bell, night. Name one of these, or give it a due="):
        given(timing, night, bell).when(TimerDue(name="bel"))
    for gone in (Timed(name="bell", when=None), RING, TimerDue(name="bell", due=BEGIN)):
        with pytest.raises(InvalidInput, match="has not set timer 'bell'"):
            given(timing, bell, gone, RING)


def test_a_process_that_was_abandoned_is_told_so_without_having_set_a_timer() -> None:
    later = BEGIN + SECOND
    given(timing, Timed(name="bell", when=DAY)).when(TimerDue(name="abandoned")).state(Clock(later, later, later))


@dataclass(frozen=True)
class Anything:
    value: object


def test_a_state_that_cannot_be_stored_is_refused() -> None:
    def process(_state: Anything | None, _event: Seen) -> Next[Anything]:
        return Next(Anything(object()))

    with pytest.raises(DefinitionError):
        given(process).when(Seen(id="A"))


def test_what_the_annotation_does_not_name_is_never_handed_in_and_tests_nothing() -> None:
    class Forgotten(Event):
        order_id: str

    for wrong in (Forgotten(order_id="A"), CancelOrder(order_id="A", reason="none")):
        with pytest.raises(InvalidInput, match="so an app never hands it"):
            given(fulfilment, PLACED).when(wrong)
        with pytest.raises(InvalidInput, match="name the class in its annotation"):
            given(fulfilment, wrong)


def test_the_class_of_an_event_is_told_from_an_event() -> None:
    with pytest.raises(InvalidInput, match=r"CancelOrder is the class .*; give one of it, as in CancelOrder\("):
        given(fulfilment, CancelOrder)
    with pytest.raises(InvalidInput, match=r"is the class of what is handed in"):
        given(fulfilment, PLACED).when(CancelOrder)


@pytest.mark.parametrize("wrong", [PAID, CancelOrder])
def test_what_is_no_command_is_not_sent(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="it is no command; give a value of a class derived from Command"):
        Next(Fulfilment("A", "unpaid", Decimal(5))).send(cast("CancelOrder", wrong))
