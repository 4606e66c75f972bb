"""Faults of sagas: what is noted when, what is undone in which order, and who may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leftfold.adapters.sqlite import work_writing as sqlite_work
from leftfold.processes import committing, planning, trying
from leftfold.processes.engine import Engine
from leftfold.processes.sagas import Run
from tests.faults.changes import Fault, in_code, in_postgres, in_text

__all__ = ["FAULTS"]

_SQLITE_LAWS: Final = "tests/adapters/sqlite/test_conformance.py"
_POSTGRES_LAWS: Final = "tests/adapters/postgres/test_conformance.py"
_LIVES: Final = "tests/processes/test_saga_lives.py"
_PLANNING: Final = "tests/processes/test_planning.py"
_SAGAS: Final = "tests/processes/test_sagas.py"
_STUCK: Final = "tests/processes/test_stuck_sagas.py"
_WORKERS: Final = "tests/guarantees/test_saga_workers.py"
_CRASHES: Final = "tests/guarantees/test_saga_crash_points.py"

_NOTED: Final = "if not step.stored:"
_NOT_NOTED: Final = "if not step.stored and not isinstance(move, Do):"
_BACK: Final = "        journal = turned_back(definition, journal, reason)"
_CANCELLED: Final = f'        if "deadline" in reason:\n            return journal, Finish("compensated")\n{_BACK}'
_PARKED: Final = "        if one.status in _NOT_UNDONE"
_STOPPED: Final = f'        if one.status == "parked":\n            return journal, Finish("stuck")\n{_PARKED}'
_TOGETHER: Final = "            await tracking.commit(beside)"
_APART: Final = (
    "            await tracking.commit()\n"
    "            from leftfold.store.transaction import Transaction\n"
    "            await loader.store.transact(Transaction(writes=[revise]))"
)


def _all(*plants: Callable[[], None]) -> Callable[[], None]:
    """Several changes that make one fault."""

    def plant() -> None:
        for one in plants:
            one()

    return plant


_REVISIONS: Final = ("KEPT", "_KEPT_ANEW", "_WOKEN", "_WOKEN_ANEW")

FAULTS: Final[dict[str, Fault]] = {
    "step not noted before it is called": Fault(
        in_code(Run, "_made", (_NOTED, _NOT_NOTED)),
        (_STUCK,),
        "'charge': 'undone'",
        "in_the_midst_of and memory",
    ),
    "token of a write not checked, sqlite": Fault(
        _all(*(in_text(sqlite_work, name, ("and token = ?", "and ? >= 0")) for name in _REVISIONS)),
        (_SQLITE_LAWS,),
        "DID NOT RAISE Fenced",
        "wrong_token",
    ),
    "token of a write not checked, postgres": Fault(
        in_postgres(
            ("where p.kind >= 2 and t.token is distinct from coalesce(p.token, 0) or", "where"),
            ("where t.id = w.id and t.token = w.token", "where t.id = w.id"),
            version=8,
        ),
        (_POSTGRES_LAWS,),
        "DID NOT RAISE Fenced",
        "wrong_token",
    ),
    "lease that a write keeps ended, sqlite": Fault(
        _all(*(in_text(sqlite_work, name, ("set ", "set wake_at = null, ")) for name in _REVISIONS[:2])),
        (_SQLITE_LAWS,),
        "assert same == replace(old",
        "who_keeps_it",
    ),
    "lease that a write keeps ended, postgres": Fault(
        in_postgres(("case when w.keep then t.wake_at else due end", "due"), version=8),
        (_POSTGRES_LAWS,),
        "assert same == replace(old",
        "who_keeps_it",
    ),
    "step in doubt not undone": Fault(
        in_code(planning, "_back", ("one.status in _NOT_UNDONE", 'one.status in (*_NOT_UNDONE, "failed")')),
        (_CRASHES,),
        "it is in effect, and nobody undoes it",
        "sqlite-Linear",
    ),
    "undone in the order of the steps": Fault(
        in_code(planning, "_back", ("reversed(journal.steps)", "journal.steps")),
        (_CRASHES,),
        "undone in another order",
        "sqlite-Linear",
    ),
    "first undo that fails stops the others": Fault(
        in_code(planning, "_back", (_PARKED, _STOPPED)),
        (_CRASHES,),
        "it is in effect, and nobody undoes it",
        "sqlite-Linear",
    ),
    "another key for another try": Fault(
        in_code(trying, "attempt_of", ('/do"', '/do{record.tries}"')),
        (_CRASHES, _SAGAS),
        "another try had another key",
        "sqlite-Linear",
    ),
    "journal of a transactional step in a commit of its own": Fault(
        in_code(committing, "decided_with", (_TOGETHER, _APART)),
        ("tests/testing/test_crashing.py",),
        "recorded twice, or lost",
        "records_its_events_once",
    ),
    "deadline that cancels": Fault(
        in_code(planning, "planned", (_BACK, _CANCELLED)),
        (_LIVES,),
        "!= 'its deadline has passed'",
        "deadline and memory",
    ),
    "lease never extended": Fault(
        in_code(
            Engine,
            "_extend",
            ("await self._store.extend(held, self._hold.owner, self._hold.lease_s)", "held"),
        ),
        (_WORKERS,),
        "('completed', [1, 1, 1])",
        "longer_than_a_lease and sqlite",
    ),
}
