"""Faults of following a log: checkpoints, leases, letters, rebuilds, kept answers."""

from __future__ import annotations

from typing import Final

from leftfold.adapters.postgres import layout as postgres_layout
from leftfold.adapters.postgres.statements import WritingSql
from leftfold.adapters.sqlite import checkpoints as sqlite_checkpoints
from leftfold.adapters.sqlite import transacting as sqlite_transacting
from leftfold.adapters.sqlite.layout import Layout
from leftfold.app.catching_up import CatchingUp
from leftfold.handling.once import Once
from leftfold.projections.caching import CachedAnswers
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import Generations
from leftfold.projections.projector import Projector
from leftfold.projections.rebuilding import Rebuild
from leftfold.store import projecting
from leftfold.subscriptions import monitor
from leftfold.subscriptions.retrying import Retrying
from leftfold.subscriptions.runner import Runner
from leftfold.subscriptions.subscription import Part
from leftfold.subscriptions.worker import Worker
from tests.faults.changes import Fault, in_code, in_postgres, in_text

__all__ = ["FAULTS"]

_SQLITE_LAWS: Final = "tests/adapters/sqlite/test_conformance.py"
_POSTGRES_LAWS: Final = "tests/adapters/postgres/test_conformance.py"
_CACHING: Final = "tests/projections/test_caching.py"
_COMMANDS: Final = "tests/guarantees/test_command_crash_points.py"
_CRASHES: Final = "tests/guarantees/test_following_crash_points.py"
_MEETINGS: Final = "tests/guarantees/test_rebuilds_meet.py"
_PARKED: Final = "tests/guarantees/test_rebuilds_and_parked_keys.py"
_REBUILDS: Final = "tests/guarantees/test_rebuild_under_load.py"
_TWO_WORKERS: Final = "tests/guarantees/test_two_workers.py"
_WRONG: Final = "tests/guarantees/test_what_goes_wrong.py"

_WRITE: Final = "transact(Transaction(writes=[*writes, advance]))"
_WRITE_APART: Final = (
    "transact(Transaction(writes=list(writes)))\n        await self._target.transact(Transaction(writes=[advance]))"
)
_DONE: Final = "[*outcome.writes, *self._parking.writes(outcome.failures)], position, event_id)"
_LETTERS_APART: Final = (
    "outcome.writes, position, event_id)\n            await self._write(self._parking.writes(outcome.failures))"
)
_BESIDE: Final = "appended = await tracking.commit(beside)"
_NOT_BESIDE: Final = f"{_BESIDE}\n    await self._loader.events.commit(writes=[insert_of(answer)])"
_TURN: Final = "        if not await self._try(subject, letters):\n            return\n"
_FIRST: Final = "        await self._try(subject, letters[:1])\n        break\n"

FAULTS: Final[dict[str, Fault]] = {
    "checkpoint in a transaction of its own": Fault(
        in_code(Runner, "_write", (_WRITE, _WRITE_APART)),
        (_CRASHES,),
        "of another moment",
        "followers_killed and sqlite",
        children=True,
    ),
    "letters in a transaction of their own": Fault(
        in_code(Runner, "_done", (_DONE, _LETTERS_APART)),
        (_CRASHES,),
        "letters of another moment",
        "followers_killed and sqlite",
        children=True,
    ),
    "request gone before what it asks for is done": Fault(
        in_code(
            Retrying,
            "_answer",
            (
                "[Delete(table=LETTERS, keys=dropped)]",
                "[Delete(table=LETTERS, keys=dropped), Delete(table=REQUESTS, keys=[*map(request_key, requests)])]",
            ),
        ),
        (_CRASHES,),
        "assert await nothing_waits(store, asked)",
        "dead_letter and sqlite",
        children=True,
    ),
    "token of a claim not checked, sqlite": Fault(
        in_text(sqlite_transacting, "_ADVANCE", ("and token = ?", "and ? >= 0")),
        (_SQLITE_LAWS, _TWO_WORKERS),
        "DID NOT RAISE Fenced",
        "token_of_old",
    ),
    "token of a claim not checked, postgres": Fault(
        in_code(WritingSql, "__init__", ("and c.token = u.token", "")),
        (_POSTGRES_LAWS,),
        "DID NOT RAISE Fenced",
        "token_of_old",
    ),
    "held checkpoint claimed, sqlite": Fault(
        in_text(sqlite_checkpoints, "_HELD", ("until > ?", "until < ?")),
        (_SQLITE_LAWS,),
        "is None",
        "another_waits_until or exactly_one_holds",
    ),
    "held checkpoint claimed, postgres": Fault(
        in_postgres(("where c.owner is null or c.owner = p_owner or c.until <= :schema.now_v1()", ""), version=3),
        (_POSTGRES_LAWS,),
        "is None",
        "another_waits_until or exactly_one_holds",
    ),
    "event of a checkpoint not compared": Fault(
        in_code(Runner, "_page", ("if not page.events or page.events[0].id != self._last:", "if not page.events:")),
        (_WRONG,),
        "TimeoutError",
        "another and sqlite and does_not_hold",
    ),
    "what follows a parked event folded": Fault(
        in_code(Projector, "_fold", ("if key in failed or key in parked:", "if False:")),
        (_WRONG,),
        "assert (3, 2) == (1, 2)",
        "waits_in_order and sqlite",
    ),
    "letters behind a first one forgotten": Fault(
        in_code(Retrying, "_work_off", (_TURN, _FIRST)),
        (_WRONG,),
        "assert await rows_in(store, TOTALS) == folded",
        "waited_behind_it and sqlite",
    ),
    "streams of every shard in each": Fault(
        in_code(Part, "holds", ("return shards == 1 or", "return True or")),
        (_WRONG,),
        "leftfold.errors.following.NotCaughtUp",
        "each_stream and sqlite",
    ),
    "row of another shard overwritten, sqlite": Fault(
        in_code(Layout, "_put", (" where shard = excluded.shard", "")),
        (_SQLITE_LAWS,),
        "DID NOT RAISE ShardMismatch",
        "row_of_another_shard",
    ),
    "row of another shard overwritten, postgres": Fault(
        in_code(
            postgres_layout.Layout,
            "__init__",
            (" where t.shard = excluded.shard", ""),
        ),
        (_POSTGRES_LAWS,),
        "DID NOT RAISE ShardMismatch",
        "row_of_another_shard",
    ),
    "rebuild shown before it has caught up": Fault(
        in_code(Generations, "switch", ("if reached < max(", "if reached < 0 * max(")),
        (_REBUILDS,),
        "it is shown before it has caught up",
        "not_a_moment_before and sqlite",
    ),
    "what is shown goes on although a rebuild asks it to stand still": Fault(
        in_code(Generations, "hold", ("await self.store.release(one.name, one.token)", "continue")),
        (_REBUILDS,),
        "assert await generations.switch(new, built.position)",
        "stands_still and sqlite",
    ),
    "rebuild shown although what is shown moved on": Fault(
        in_code(Generations, "switch", ("writes=[*still, point", "writes=[point")),
        (_REBUILDS,),
        "older than what was shown",
        "not_a_moment_before and sqlite",
    ),
    "rows of every append shown without a look at the head": Fault(
        in_code(ProjectionFollower, "show", ("at_head=self._inline, rest=rest", "at_head=False")),
        (_REBUILDS,),
        "an event is missing",
        "shown_with_what and sqlite",
    ),
    "rest of the log passed over when rows of every append are shown": Fault(
        in_code(projecting, "rest_behind", ("point.at_head == head", "point.at_head <= head")),
        (_REBUILDS,),
        "an event is missing",
        "shown_with_what and sqlite",
    ),
    "rows of every append written by who built them": Fault(
        in_code(ProjectionFollower, "may_fill", ("if not self._inline:", "if True:")),
        (_REBUILDS,),
        "TimeoutError",
        "writes_none and sqlite",
    ),
    "shape of rows not compared at the start": Fault(
        in_code(
            ProjectionFollower,
            "prepare",
            ("await self.target.prepare(self.projection.table, active.generation)", "pass"),
        ),
        (_WRONG,),
        "DID NOT RAISE TableMismatch",
        "row_type and sqlite",
    ),
    "answer of a command outside its commit": Fault(
        in_code(Once, "_decided", ("return [insert_of(answer)]", "return []"), (_BESIDE, _NOT_BESIDE)),
        (_COMMANDS,),
        "assert counts ==",
        "at_any_call and sqlite",
        children=True,
    ),
    "answer kept that was loaded before a change": Fault(
        in_code(CachedAnswers, "_load", ("if not (loading.stale or self.paused):", "if True:")),
        (_CACHING,),
        "assert b'1' == b'2'",
        "is_not_kept",
    ),
    "load from before a change waited for": Fault(
        in_code(CachedAnswers, "drop", ("if loading.stale]", "if False]")),
        (_CACHING,),
        "assert b'1' == b'2'",
        "began_before_it",
    ),
    "wait that does not look whether somebody follows": Fault(
        in_code(monitor, "wait_for", ("if not followed_here:", "if False:")),
        ("tests/app/test_contexts.py",),
        "TimeoutError",
        "without_a_worker_a_question",
    ),
    "wait for a generation that is not shown any more": Fault(
        in_code(
            CatchingUp,
            "_reached_by",
            ("return reached if await self._generations.shows(shown)", "return reached if True"),
        ),
        (_MEETINGS,),
        "DID NOT RAISE",
        "who_waited and sqlite",
    ),
    "rebuild that does not learn that another shows its rows": Fault(
        in_code(Rebuild, "_shown_by_another", ("if await self._is_building(generation):", "if True:")),
        (_MEETINGS,),
        "TimeoutError",
        "two_rebuilds_at_once and sqlite",
    ),
    "rebuild that tries again what stops it": Fault(
        in_code(Worker, "_note_end", ("if not self._again and", "if False and")),
        (_MEETINGS,),
        "TimeoutError",
        "once_it_is_mended and sqlite",
    ),
    "rebuild shown although its keys are parked": Fault(
        in_code(Generations, "switch", ("and await self._lacking(new, shown)", "and False")),
        (_PARKED,),
        "DID NOT RAISE NotShown",
        "parked_in_both and sqlite and True",
    ),
    "what is parked in a rebuild not tried again": Fault(
        in_code(Rebuild, "_work", ("await try_again(target, generation.subscription)", "pass")),
        (_PARKED,),
        "NotShown: rebuild of 'totals' is not shown",
        "until_it_can and sqlite",
    ),
    "rows written in two ways": Fault(
        in_code(ProjectionFollower, "_is_ours", ("active.inline in (None, self._inline)", "True")),
        ("tests/app/test_inline_switched.py",),
        "DID NOT RAISE",
        "left_alone and sqlite",
    ),
    "event that is parked taken for shown": Fault(
        in_code(CatchingUp, "_parked", ("if found is None:", "if True:")),
        ("tests/app/test_waits.py",),
        "DID NOT RAISE KeyParked",
        "after_what_is_parked and memory",
    ),
}
