"""Laws of company: what an append comes to does not depend on what arrives together with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Final

import pytest
from msgspec.structs import replace

from leftfold.errors import Conflict, Fenced, IdReused
from leftfold.ids import new_id
from leftfold.store.events import AppendCondition, Appended, Expected, ExpectedVersion, NewEvent, QueryItem, ToStream
from leftfold.store.transaction import Transaction
from leftfold.store.work import End
from leftfold.testing.conformance.stores import FullStore, Laws, event, events, log_of

__all__ = ["CompanyLaws"]

_COMPANIES: Final = ("alone", "among others", "among others of which one has a condition")
_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
_UNMET: Final = AppendCondition(none_of=(QueryItem(types=frozenset({"Never"})),))
_ACTUAL: Final = 2
_EXPECTED: Final[Sequence[tuple[ExpectedVersion, int, bool]]] = (
    *((expected, _ACTUAL, expected == _ACTUAL) for expected in (0, 1, 2, 3, 2**31 - 1, 2**40)),
    *((expected, 0, expected == 0) for expected in (0, 1, 2**31 - 1, 2**40)),
    *((Expected.ANY, actual, True) for actual in (0, _ACTUAL)),
    *((Expected.NO_STREAM, actual, actual == 0) for actual in (0, _ACTUAL)),
    *((Expected.STREAM_EXISTS, actual, actual > 0) for actual in (0, _ACTUAL)),
)


_in_any_company = pytest.mark.parametrize("company", _COMPANIES)
_of_any_count = pytest.mark.parametrize("count", [1, 3])


class CompanyLaws(Laws):
    """What a store promises of an append whatever it writes in one go with it."""

    @_in_any_company
    @_of_any_count
    async def test_in_any_company_an_append_is_accepted_only_at_its_expected_version(
        self, store: FullStore, company: str, count: int
    ) -> None:
        for number, (expected, actual, accepted) in enumerate(_EXPECTED):
            stream = f"a-{number}"
            if actual:
                await store.append(ToStream(stream, 0, events(actual)))
            outcome = await _outcome(store, company, ToStream(stream, expected, events(count)))
            if accepted:
                assert isinstance(outcome, Appended), outcome
                assert (outcome.versions, outcome.repeated) == ({stream: actual + count}, False)
            else:
                assert isinstance(outcome, Conflict), outcome
                name = f"Expected.{expected.name}" if isinstance(expected, Expected) else expected
                assert (outcome.stream, outcome.expected, outcome.actual) == (stream, name, actual)
            stored = await store.read_stream(stream)
            assert [one.version for one in stored] == list(range(1, actual + count * accepted + 1))
            if stored and isinstance(outcome, Appended):
                assert (stored[-1].position, stored[-1].recorded_at) == (outcome.position, outcome.recorded_at)
        log = await log_of(store)
        assert [one.position for one in log] == list(range(1, len(log) + 1))

    @pytest.mark.parametrize("expected", [99, Expected.NO_STREAM, Expected.ANY])
    async def test_a_refused_transaction_takes_back_nothing_that_others_wrote_to_its_streams(
        self, store: FullStore, expected: ExpectedVersion
    ) -> None:
        """Whether its events are refused, or only a write beside them."""
        await store.append(ToStream("a-1", 0, [event()]))
        parts = [ToStream("a-1", expected, events(2)), ToStream("a-2", Expected.ANY, [event()])]
        refused = Transaction(parts=parts, writes=[End(id="nobody", token=1)])
        one, two, three = await asyncio.gather(
            store.append(ToStream("a-1", 1, [event()])),
            store.transact(refused),
            store.append(ToStream("a-1", 2, [event()])),
            return_exceptions=True,
        )
        refusal = Fenced if expected is Expected.ANY else Conflict
        assert isinstance(two, refusal), two
        assert isinstance(one, Appended), one
        assert isinstance(three, Appended), three
        assert (one.versions, three.versions) == ({"a-1": 2}, {"a-1": 3})
        for version in (3, 4):
            with pytest.raises(refusal):
                await store.transact(refused)
            assert (await store.append(ToStream("a-1", version, [event()]))).versions == {"a-1": version + 1}
        assert (await store.append(ToStream("a-2", 0, [event()]))).versions == {"a-2": 1}

    @_in_any_company
    @_of_any_count
    async def test_in_any_company_a_repeated_append_gets_its_first_result(
        self, store: FullStore, company: str, count: int
    ) -> None:
        batch = events(count)
        first = await _outcome(store, company, ToStream("a-1", 0, batch))
        assert isinstance(first, Appended)
        for expected in (0, count, count + 7, Expected.ANY, Expected.STREAM_EXISTS, Expected.NO_STREAM):
            again = await _outcome(store, company, ToStream("a-1", expected, batch))
            assert again == replace(first, repeated=True), (expected, again)
        assert len(await store.read_stream("a-1")) == count

    @_in_any_company
    @_of_any_count
    async def test_in_any_company_an_id_that_is_stored_elsewhere_is_an_error(
        self, store: FullStore, company: str, count: int
    ) -> None:
        known = event()
        await store.append(ToStream("a-1", 0, [known]))
        others = events(count - 1)
        for batch in ([known, *others], [*others, known]):
            for expected in (0, Expected.ANY, Expected.NO_STREAM):
                outcome = await _outcome(store, company, ToStream("b-1", expected, batch))
                assert isinstance(outcome, IdReused), outcome
                assert (outcome.id, outcome.stream, outcome.version) == (known.id, "a-1", 1)
        assert await store.read_stream("b-1") == []

    @_in_any_company
    @_of_any_count
    async def test_in_any_company_every_field_is_stored_as_it_was_given(
        self, store: FullStore, company: str, count: int
    ) -> None:
        given = [
            replace(
                event(
                    f'Ty"p\\e{n}', data=b'{"n": %d, "text": "\\"{}\\\\ \\u00e4"}' % n, tags=[f"b{n}", 'a"{,}', f"b{n}"]
                ),
                schema_version=n,
                metadata=b'{"by":  "me"}',
                occurred_at=(_LATEST, None, datetime(1, 1, 1, tzinfo=UTC))[n - 1],
            )
            for n in range(1, count + 1)
        ]
        given[-1] = replace(given[-1], tags=given[-1].tags if count == 1 else ())
        stream = 'a-"1\\ {é}'
        outcome = await _outcome(store, company, ToStream(stream, 0, given))
        assert isinstance(outcome, Appended)
        stored = await store.read_stream(stream)
        assert [(one.type, one.schema_version, one.id, one.data, one.metadata) for one in stored] == [
            (one.type, one.schema_version, one.id, one.data, one.metadata) for one in given
        ]
        assert [one.tags for one in stored] == [tuple(sorted(set(one.tags))) for one in given]
        assert [one.occurred_at for one in stored] == [one.occurred_at or outcome.recorded_at for one in given]
        tagged = await store.read_log(match=(QueryItem(tags=frozenset({'a"{,}'})),))
        assert [one.id for one in tagged.events] == [one.id for one in given if one.tags]


async def _outcome(store: FullStore, company: str, part: ToStream) -> Appended | BaseException:
    """What *part* came to; its company is stored."""
    before: list[Coroutine[object, object, Appended]] = []
    after: list[Coroutine[object, object, Appended]] = []
    if company != _COMPANIES[0]:
        before = [store.append(ToStream(f"before-{new_id()}", 0, _some(n))) for n in (1, 2)]
        after = [store.append(ToStream(f"after-{new_id()}", Expected.ANY, _some(n))) for n in (2, 1)]
    if company == _COMPANIES[2]:
        after.append(store.append(ToStream(f"asking-{new_id()}", 0, events(1)), condition=_UNMET))
    outcomes = await asyncio.gather(*before, store.append(part), *after, return_exceptions=True)
    own = outcomes.pop(len(before))
    assert all(isinstance(outcome, Appended) for outcome in outcomes)
    return own


def _some(count: int) -> list[NewEvent]:
    return [event(tags=("company",)) for _ in range(count)]
