"""Append conditions over a log of frequent, rare and absent tags and types: what they find, and what it takes."""

from __future__ import annotations

import asyncio
import random
from typing import Final

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresStore, append_within
from leftfold.errors import ConditionFailed, Conflict, LeftfoldError
from leftfold.store import AppendCondition, NewEvent, QueryItem, ToStream
from leftfold.store.verdict import matches
from tests.adapters.postgres.opened import connected, event, log_of, opened, rows

_TAGS: Final = {"all": 1.0, "most": 0.9, "half": 0.5, "some": 0.05, "few": 0.01, "rare": 0.003, "absent": 0.0}
_TYPES: Final = {"Usual": 0.7, "Other": 0.28, "Few": 0.015, "Rare": 0.005, "Absent": 0.0}


def _events(drawn: random.Random, count: int) -> list[NewEvent]:
    events: list[NewEvent] = []
    for _ in range(count):
        tags = [tag for tag, share in _TAGS.items() if drawn.random() < share]
        if "few" in tags and "most" in tags:
            tags.remove("most")  # two that never meet
        events.append(event(type=drawn.choices(list(_TYPES), list(_TYPES.values()))[0], tags=tags))
    return events


def _item(drawn: random.Random) -> QueryItem:
    return QueryItem(
        tags=frozenset(drawn.sample(list(_TAGS), drawn.choice((0, 1, 2, 2, 3, 4)))),
        types=frozenset(drawn.sample(list(_TYPES), drawn.choice((0, 0, 1, 1, 2)))),
    )


def _condition(item: QueryItem, after: int) -> AppendCondition:
    return AppendCondition(none_of=(item,), after=after)


async def _refused(store: PostgresStore, condition: AppendCondition) -> type[LeftfoldError]:
    """By what an append is refused that is not at the version it expects: the condition is judged first."""
    with pytest.raises(LeftfoldError) as refusal:
        await store.append(ToStream("a-1", 1, [event()]), condition=condition)
    return type(refusal.value)


@pytest.mark.parametrize("seed", range(3))
async def test_a_condition_finds_what_it_finds_in_memory(store_url: str, seed: int) -> None:
    drawn = random.Random(seed)
    async with opened(store_url) as store:
        await store.append(ToStream("a-1", 0, _events(drawn, 900)))
        log = await log_of(store)
        asked = [
            (item, after)
            for after in (0, 1, 300, 850, 899, 900)
            for item in (_item(drawn) for _ in range(60))
            if item.tags or item.types
        ]
        found = await asyncio.gather(*(_refused(store, _condition(item, after)) for item, after in asked))
    due = [any(matches(each, [item]) for each in log[after:]) for item, after in asked]
    assert {True, False} == set(due)
    assert [each is ConditionFailed for each in found] == due
    assert set(found) == {ConditionFailed, Conflict}


async def test_a_condition_finds_the_one_event_at_which_two_frequent_tags_meet(store_url: str) -> None:
    meetings = (1, *range(79, 84), *range(879, 884))  # where it has tried 40 of one, and 400 more

    def tags(position: int) -> list[str]:
        return [
            f"{tag}{at}" for at in meetings for tag in "ab" if position == at or (position % 2 == 0) == (tag == "b")
        ]

    def condition(meeting: int, after: int) -> AppendCondition:
        return _condition(QueryItem(tags=frozenset({f"a{meeting}", f"b{meeting}"})), after)

    async with opened(store_url) as store:
        await store.append(ToStream("a-1", 0, [event(tags=tags(position)) for position in range(1, 901)]))
        found = await asyncio.gather(*(_refused(store, condition(at, 0)) for at in meetings))
        behind = await asyncio.gather(*(_refused(store, condition(at, at)) for at in meetings))
    assert (set(found), set(behind)) == ({ConditionFailed}, {Conflict})


_READ: Final = "select sum(seq_tup_read + idx_tup_fetch)::bigint from pg_stat_xact_user_tables where schemaname = $1"


async def test_a_condition_reads_no_more_of_the_log_than_what_is_rarest_takes(lone_url: str) -> None:
    most = {
        ("", "Absent"): 50,
        ("", "Absent None"): 50,
        ("all", "Absent"): 100,
        ("all", "Rare"): 200,
        ("all most", "Rare"): 300,
        ("absent all", "Usual"): 100,
        ("all most some", "Absent Rare"): 300,
        ("all few most", ""): 1_000,
    }
    schema = PostgresLocation.parse(lone_url).schema
    for table in ("events", "tags"):  # analysed and not vacuumed, as a log is that grows fast
        await rows(lone_url, f"alter table :schema.{table} set (autovacuum_enabled = off)")
    async with opened(lone_url) as store, connected(lone_url) as own:
        await store.append(ToStream("a-1", 0, _events(random.Random(0), 5_000)))
        await own.execute("analyze")
        read = dict.fromkeys(most, 0)
        for tags, types in most:
            item = QueryItem(tags=frozenset(tags.split()), types=frozenset(types.split()))
            async with own.transaction():
                before = await own.fetchval(_READ, schema)
                with pytest.raises((Conflict, ConditionFailed)):
                    await append_within(
                        own, ToStream("a-1", 1, [event()]), condition=_condition(item, 0), schema=schema
                    )
                read[tags, types] = await own.fetchval(_READ, schema) - before
    assert {asked: count for asked, count in read.items() if count > most[asked]} == {}
