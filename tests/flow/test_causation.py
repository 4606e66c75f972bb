"""What led to what can be read from the log: every event says what it was recorded for, and what led to that."""

from __future__ import annotations

from leftfold import App, Metadata, RecordedEvent
from tests.flow.market import events


def of(recorded: RecordedEvent[object]) -> str:
    return str(getattr(recorded.event, "order", ""))


async def named(app: App, context: str, type: str, order: str) -> RecordedEvent[object]:
    [found] = [one for one in await events(app, context) if one.type == type and of(one) == order]
    return found


async def test_a_command_from_outside_has_no_cause(traded: App) -> None:
    placed = (await named(traded, "market", "Placed", "A")).metadata
    assert placed == Metadata(correlation_id="visit A", command_id=placed.command_id, command="Place")
    cancelled = (await named(traded, "market", "Cancelled", "B")).metadata
    assert (cancelled.correlation_id, cancelled.causation_id) == (cancelled.command_id, None)


async def test_what_a_reaction_sends_is_caused_by_its_event_and_belongs_to_the_same_conversation(traded: App) -> None:
    cancelled = await named(traded, "market", "Cancelled", "B")
    released = [one.metadata for one in await events(traded, "market") if one.type == "Released"]
    [put_back] = [one for one in released if one.via == "reaction/market.put_back"]
    assert put_back == Metadata(
        correlation_id=cancelled.metadata.correlation_id,
        causation_id=str(cancelled.id),
        command_id=f"market.put_back:{cancelled.id}",
        command="Release",
        via="reaction/market.put_back",
    )


async def test_what_another_context_does_about_a_published_event_is_caused_by_the_event_behind_it(traded: App) -> None:
    placed = await named(traded, "market", "Placed", "A")
    opened = (await named(traded, "billing", "Opened", "A")).metadata
    assert (opened.correlation_id, opened.causation_id) == ("visit A", str(placed.id))
    assert (opened.command, opened.via) == ("Open", "reaction/billing.bill")


async def test_what_a_step_of_a_saga_sends_is_caused_by_the_instance_and_belongs_to_who_began_it(traded: App) -> None:
    reserved = (await named(traded, "market", "Reserved", "A")).metadata
    assert reserved == Metadata(
        correlation_id="visit A",
        causation_id="saga/market.Deliver/A",
        command_id="saga/market.Deliver/A/hold/do",
        command="Reserve",
        via="saga/market.Deliver/hold",
        actor="ann",
    )


async def test_what_a_step_records_itself_has_no_command_and_names_the_step(traded: App) -> None:
    confirmed = (await named(traded, "market", "Confirmed", "A")).metadata
    assert confirmed == Metadata(
        correlation_id="visit A",
        causation_id="saga/market.Deliver/A",
        via="saga/market.Deliver/confirm",
        actor="ann",
    )


async def test_a_saga_that_nobody_asked_for_is_a_conversation_of_its_own_and_so_is_its_undo(traded: App) -> None:
    released = [one.metadata for one in await events(traded, "market") if one.type == "Released"]
    [let_go] = [one for one in released if one.via == "saga/market.Deliver/hold/undo"]
    assert (let_go.correlation_id, let_go.causation_id) == ("saga/market.Deliver/B", "saga/market.Deliver/B")


async def test_what_a_process_sends_when_a_timer_is_due_is_caused_by_the_event_that_set_it(traded: App) -> None:
    opened = await named(traded, "billing", "Opened", "C")
    reminded = (await named(traded, "billing", "Reminded", "C")).metadata
    assert (reminded.correlation_id, reminded.causation_id) == ("visit C", str(opened.id))
    assert (reminded.command, reminded.via) == ("Remind", "process/billing.dunning")


async def test_what_follows_from_an_event_by_choreography_is_caused_by_it(traded: App) -> None:
    paid = await named(traded, "billing", "Paid", "A")
    filed = (await named(traded, "billing", "Filed", "A")).metadata
    assert (filed.correlation_id, filed.causation_id) == (paid.metadata.correlation_id, str(paid.id))
    assert (filed.command, filed.via) == ("File", "reaction/billing.put_away")


async def test_a_saga_that_an_event_starts_belongs_to_its_conversation(traded: App) -> None:
    placed = await named(traded, "market", "Placed", "D")
    reserved = (await named(traded, "market", "Reserved", "D")).metadata
    assert reserved.correlation_id == "visit D"
    assert reserved.causation_id == f"saga/market.Deliver/{placed.id}"


async def test_every_event_of_a_conversation_has_its_correlation(traded: App) -> None:
    log = [*await events(traded, "market"), *await events(traded, "billing")]
    assert [one.type for one in log if one.metadata.correlation_id == "visit A"] == [
        "Placed",
        "Reserved",
        "Confirmed",
        "Opened",
    ]
    assert all(one.metadata.correlation_id for one in log)
