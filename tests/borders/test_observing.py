"""What logs show that contexts take from each other is counted, written, read and joined."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import App, Metadata
from leftfold.borders import Observed, Observing, dump_observed, load_observed, observed_uses
from leftfold.errors import InvalidObservation
from leftfold.ids import new_id
from leftfold.messages import load_metadata
from leftfold.store import StoredEvent, StreamName

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def counted(app: App) -> Sequence[Observed]:
    """What the logs of an open app show."""
    observing = Observing()
    logs = [(one.name, (await app.running(one.name).store.read_log(limit=1000)).events) for one in app.contexts]
    for name, events in logs:
        for stored in events:
            observing.record(name, stored, metadata(stored))
    for name, events in logs:
        for stored in events:
            if observing.wants(str(stored.id)):
                observing.resolve(name, stored)
    return observing.observed()


def metadata(stored: StoredEvent) -> Metadata:
    return load_metadata(
        stored.metadata, stream=str(stored.stream), version=1, type=stored.type, schema_version=stored.schema_version
    )


async def test_what_a_market_did_is_counted_with_first_and_last(traded: App) -> None:
    seen = {(one.kind, one.source, one.type, one.version, one.consumer): one for one in await counted(traded)}
    assert {key: one.count for key, one in seen.items()} == {("event", "market", "Placed", 1, "billing"): 4}
    (one,) = seen.values()
    assert one.first <= one.last


def stored(*, at: datetime = NOON, version: int = 1) -> StoredEvent:
    return StoredEvent(
        id=new_id(),
        stream=StreamName("order", "A"),
        version=1,
        position=1,
        type="Placed",
        schema_version=version,
        data=b"{}",
        metadata=b"{}",
        tags=(),
        occurred_at=at,
        recorded_at=at,
    )


def chain(via: str | None, *, cause: StoredEvent | None = None, command: str | None = None) -> Metadata:
    return Metadata(via=via, causation_id=None if cause is None else str(cause.id), command_id="1", command=command)


@pytest.mark.parametrize("via", ["reaction/billing.bill", "process/billing.dunning"])
def test_an_event_that_another_context_reacted_to_and_the_command_that_it_sent_are_seen(via: str) -> None:
    observing, placed = Observing(), stored(version=3)
    observing.record("ordering", placed, Metadata())
    observing.record("shipping", stored(), chain(via, cause=placed, command="Pack"))
    assert observing.wants(str(placed.id))
    observing.resolve("ordering", placed)
    assert not observing.wants(str(placed.id))
    assert [(one.kind, one.source, one.type, one.version, one.consumer) for one in observing.observed()] == [
        ("command", "billing", "Pack", 0, "shipping"),
        ("event", "ordering", "Placed", 3, "billing"),
    ]


def test_a_step_of_a_saga_sends_commands_and_reacts_to_nothing() -> None:
    observing = Observing()
    told = Metadata(via="saga/ordering.Send/go", causation_id="saga/ordering.Send/1", command="Pack", command_id="1")
    observing.record("shipping", stored(), told)
    assert [(one.kind, one.source, one.consumer) for one in observing.observed()] == [
        ("command", "ordering", "shipping")
    ]
    assert not observing.wants("saga/ordering.Send/1")


def test_what_came_from_outside_or_stays_inside_is_nobodys_business() -> None:
    observing, placed = Observing(), stored()
    observing.record("ordering", placed, chain(None, command="Place"))
    observing.record("ordering", stored(), chain("reaction/ordering.own", cause=placed, command="Own"))
    observing.resolve("ordering", placed)
    assert observing.observed() == []


def test_a_cause_that_no_log_has_is_not_counted() -> None:
    observing = Observing()
    observing.record("billing", stored(), chain("reaction/billing.bill", cause=stored()))
    assert observing.observed() == []


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=1, max_size=20))
def test_first_and_last_are_the_ends_of_all_that_was_seen(times: list[datetime]) -> None:
    observing, placed = Observing(), stored()
    for at in times:
        observing.record("billing", stored(at=at), chain("reaction/billing.bill", cause=placed, command="Bill"))
    observing.resolve("ordering", placed)
    (one,) = observing.observed()
    assert (one.count, one.first, one.last) == (len(times), min(times), max(times))


entries = st.lists(
    st.builds(
        Observed,
        kind=st.sampled_from(["event", "command"]),
        source=st.text(st.characters(codec="utf-8"), min_size=1),
        type=st.text(st.characters(codec="utf-8"), min_size=1),
        version=st.integers(1, 9),
        consumer=st.text(st.characters(codec="utf-8"), min_size=1),
        count=st.integers(1, 10**9),
        first=st.datetimes(timezones=st.just(UTC)),
        last=st.datetimes(timezones=st.just(UTC)),
    ),
    max_size=4,
)


@given(entries)
def test_what_is_written_reads_back_sorted(tmp_path_factory: pytest.TempPathFactory, observed: list[Observed]) -> None:
    path = tmp_path_factory.mktemp("seen") / "seen.json"
    path.write_text(dump_observed(observed), encoding="utf-8")
    assert list(load_observed(path)) == sorted(observed)


GOOD = Observed(kind="event", source="a", type="T", version=1, consumer="b", count=2, first=NOON, last=NOON)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[]", 1),
        ('{"format": 2, "observed": []}', 1),
        ('{"format": 1, "observed": [], "more": 1}', 1),
        (dump_observed([GOOD]).replace('"count":2', '"count":"two"'), 2),
        (dump_observed([GOOD, GOOD]).replace("\n]}", ",\n{}]}"), 4),
        (dump_observed([GOOD]).replace('"type":"T"', '"type":'), 2),
        (dump_observed([GOOD]).replace('"count":2', '"count":0'), 2),
        (dump_observed([GOOD]).replace('"version":1', '"version":-1'), 2),
        (dump_observed([GOOD]).replace('"version":1', '"version":0'), 2),
        (dump_observed([GOOD]).replace('"version":1', '"version":32768'), 2),
        (dump_observed([GOOD]).replace('"source":"a"', '"source":""'), 2),
        (dump_observed([GOOD, GOOD]).replace("Z", "", 1), 2),
    ],
)
def test_a_file_that_is_no_observation_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "seen.json"
    path.write_text(text)
    with pytest.raises(InvalidObservation, match="make it anew: leftfold context observe") as told:
        load_observed(path)
    assert (told.value.name, told.value.line) == (str(path), line)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "seen.json").write_text(dump_observed([GOOD]), encoding="utf-8-sig")
    assert load_observed(tmp_path / "seen.json") == (GOOD,)


def test_as_evidence_the_consumer_of_an_event_and_the_sender_of_a_command_depend_on_the_other() -> None:
    from msgspec.structs import replace

    found = observed_uses([GOOD, replace(GOOD, kind="command", type="C", version=0)])
    assert {(one.kind, one.user, one.used, one.subject) for one in found.uses} == {
        ("event", "b", "a", "T v1"),
        ("command", "a", "b", "C"),
    }
    assert found.origins == {"observed"}
    assert observed_uses([]).origins == set()
