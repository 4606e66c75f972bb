"""Faults of looking back in time, of keeping states, and of reading what older code has stored."""

from __future__ import annotations

from typing import Final

from leftfold.adapters.postgres import timeline as postgres_timeline
from leftfold.adapters.postgres.queries import Queries
from leftfold.adapters.sqlite import timeline as sqlite_timeline
from leftfold.adapters.sqlite.store import SqliteStore
from leftfold.domain import state
from leftfold.handling.keeping import Keeper
from leftfold.handling.loading import Loader
from leftfold.handling.planning import Plan
from leftfold.handling.temporal import TimeTravel
from leftfold.messages import chains
from leftfold.messages.chains import Chains
from leftfold.messages.upcasting import Upcaster
from leftfold.store.following import Following
from tests.faults.changes import Fault, in_code, in_text

__all__ = ["FAULTS"]

_SQLITE_LAWS: Final = "tests/adapters/sqlite/test_conformance.py"
_POSTGRES_LAWS: Final = "tests/adapters/postgres/test_conformance.py"
_FOLLOWING: Final = "tests/store/test_following.py"
_GOLDEN: Final = "tests/golden/test_old_events.py"
_SNAPSHOTS: Final = "tests/handling/test_snapshots.py"
_TEMPORAL: Final = "tests/handling/test_temporal.py"
_UPCASTING: Final = "tests/messages/test_upcasting.py"

_MOMENT: Final = "a_moment_is_the_position"
_VALID_TIME: Final = "as_of_a_valid_time"
_BEGIN: Final = "begin = Loaded(state=state, version=kept.version, snapshot=kept.snapshot, replayed=0)\n"
_EACH_CUT: Final = "streams(category=category, after=after, upto=cut, limit=_TOGETHER)"

FAULTS: Final[dict[str, Fault]] = {
    "recorded time cut before its moment, sqlite": Fault(
        in_text(sqlite_timeline, "_POSITION_AT", ("e.recorded_at <= :at", "e.recorded_at < :at")),
        (_SQLITE_LAWS,),
        "AssertionError: 1993-01-01 12:00:00.500000+00:00",
        _MOMENT,
    ),
    "recorded time cut before its moment, postgres": Fault(
        in_code(postgres_timeline, "_position_sql", ("q.recorded_at <= $1", "q.recorded_at < $1")),
        (_POSTGRES_LAWS,),
        "AssertionError: 1993-01-01 12:00:00.500000+00:00",
        _MOMENT,
    ),
    "valid time cut before its moment, sqlite": Fault(
        in_code(SqliteStore, "read_facts", ("recorded_at) <= {", "recorded_at) < {")),
        (_SQLITE_LAWS,),
        ">                   assert [fact[0] for fact in facts] == wanted",
        _VALID_TIME,
    ),
    "valid time cut before its moment, postgres": Fault(
        in_code(Queries, "__init__", ("occurred_at <= $5", "occurred_at < $5")),
        (_POSTGRES_LAWS,),
        ">                   assert [fact[0] for fact in facts] == wanted",
        _VALID_TIME,
    ),
    "late facts folded by when they happened, sqlite": Fault(
        in_code(SqliteStore, "read_facts", ("order by version", "order by coalesce(occurred_at, recorded_at)")),
        (_TEMPORAL,),
        "assert 'Alice' == 'Alicia'",
        "folded_after_what_was_told_before",
    ),
    "late facts folded by when they happened, along valid time": Fault(
        in_code(TimeTravel, "_valid_history", ("if new[0].version < version:", "if False:")),
        (_TEMPORAL,),
        "('Alice', 1",
        "folded_after_what_was_told_before",
    ),
    "history that starts from nothing": Fault(
        in_code(TimeTravel, "_recorded_history", ("load(self._plan, id, first - 1)", "load(self._plan, id, 0)")),
        (_TEMPORAL,),
        "Decimal('500')",
        "starts_with_the_value_that_held",
    ),
    "recorded time read at the head": Fault(
        in_code(
            Loader,
            "position_at",
            ("return await self.store.position_at(as_of.recorded)", "return await self.store.head()"),
        ),
        (_TEMPORAL,),
        "== ['000', '001', '002']",
        "leaves_out_what_had_not_begun",
    ),
    "each state as of its own head": Fault(
        in_code(TimeTravel, "_each", ("load(self._plan, id, version, valid)", "load(self._plan, id, None, valid)")),
        (_TEMPORAL,),
        "At index 129 diff: Decimal('99') != Decimal('100')",
        "page_after_page",
    ),
    "each page of states as of its own moment": Fault(
        in_code(
            TimeTravel,
            "_each",
            (_EACH_CUT, _EACH_CUT.replace("upto=cut", "upto=await self._loader.position_at(AsOf(recorded=recorded))")),
        ),
        (_TEMPORAL,),
        "Left contains one more item: Decimal('1')",
        "page_after_page",
    ),
    "snapshot only at multiples of its threshold": Fault(
        in_code(Plan, "is_due", ("version - snapshot >= every", "version % every == 0")),
        (_SNAPSHOTS,),
        "assert (0, 349, 349, Decimal('349')) == (250, 99, 349, Decimal('349'))",
        "the_threshold_was_crossed",
    ),
    "digest of a snapshot not checked": Fault(
        in_code(Keeper, "found", ("if snapshot.digest != digest_of(snapshot.key, snapshot.state):", "if False:")),
        (_SNAPSHOTS,),
        "assert (Decimal('7'), 150, 150) == (Decimal('150'), 150, 0)",
        "cannot_be_trusted",
    ),
    "event that a kept state ends with not read": Fault(
        in_code(
            Loader,
            "_resumed",
            ("after=kept.version - 1", "after=kept.version"),
            ("if not facts or facts[0][0] != kept.version:", "if False:"),
            ("facts[1:]", "facts"),
        ),
        (_SNAPSHOTS,),
        "assert (Decimal('7'), 151, 151) == (Decimal('150'), 150, 0)",
        "cannot_be_trusted or never_recorded",
    ),
    "fingerprint without the place of the class": Fault(
        in_code(state, "_place", ("return f", "return '' and f")),
        (_SNAPSHOTS,),
        "assert Decimal('150') == -Decimal('150')",
        "two_classes_of_one_category",
    ),
    "fingerprint without the version of the state": Fault(
        in_code(state, "_codec", ("schema_digest(struct), state_version,", "schema_digest(struct), 1,")),
        (_GOLDEN,),
        "{'B': (3, 1)} != {'B': (0, 4)}",
        "sqlite and of_this_fold",
    ),
    "cached state taken for the newest": Fault(
        in_code(
            Loader,
            "_resumed",
            (_BEGIN, f"{_BEGIN}    if self.keeper.caches and upto is None:\n        return begin\n"),
        ),
        (_SNAPSHOTS,),
        "assert (Decimal('5'), 5, 0) == (Decimal('12'), 6, 1)",
        "never_taken_for_the_newest",
    ),
    "chain of upcasts one short": Fault(
        in_code(Chains, "rise", ("_straight(tuple(steps)) if", "_straight(tuple(steps[:-1] or steps)) if")),
        (_UPCASTING,),
        "PaidV2(amount=Decimal('1.50'), note='n', currency='USD') != PaidV3(",
        "through_any_chain",
    ),
    "upcast that raises passed over, in a chain": Fault(
        in_code(chains, "_straight", ("raise UpcastFault.raised(function, error) from error", "return ()")),
        (_UPCASTING,),
        "DID NOT RAISE UpcastFailed",
        "an_upcast_that_raises",
    ),
    "upcast that raises passed over, where it may split": Fault(
        in_code(Upcaster, "results", ("raise UpcastFault.raised(self.function, error) from error", "return ()")),
        (_UPCASTING,),
        "DID NOT RAISE UpcastFailed",
        "an_upcast_that_raises",
    ),
    "unreadable event passed over": Fault(
        in_code(Following, "_readable", ("return readable, event.position - 1, error", "continue")),
        (_FOLLOWING,),
        "assert 4 == 2",
        "before_an_event_of_newer_code",
    ),
}
