"""Faults of moving an app to other stores: what was under way is taken along as it was, and nobody works meanwhile."""

from __future__ import annotations

from typing import Final

from leftfold.adapters.postgres import work as postgres_work
from leftfold.adapters.sqlite import work as sqlite_work
from leftfold.app import moving
from leftfold.app.moving_followers import Holding
from tests.faults.changes import Fault, in_code

__all__ = ["FAULTS"]

_SQLITE_LAWS: Final = "tests/adapters/sqlite/test_conformance.py"
_POSTGRES_LAWS: Final = "tests/adapters/postgres/test_conformance.py"
_MOVING: Final = "tests/app/test_moving.py"
_CHANGED: Final = "if not unchanged or not await _same(running.store, holding.target, head):"

FAULTS: Final[dict[str, Fault]] = {
    "restored work begins anew, sqlite": Fault(
        in_code(sqlite_work, "_row_of", ("storable(item.token)", "1")), (_SQLITE_LAWS,), "token=1", "with_its_token"
    ),
    "restored work begins anew, postgres": Fault(
        in_code(postgres_work, "_row_of", ("min(item.token, MAX_BIGINT)", "1")),
        (_POSTGRES_LAWS,),
        "token=1",
        "with_its_token",
    ),
    "followers begin anew after a move": Fault(
        in_code(Holding, "_placed", ("if one.position:", "if False:")),
        (_MOVING,),
        "'greet ann'",
        "nothing_is_done_again",
    ),
    "change during a move not noticed": Fault(
        in_code(moving, "_check_unchanged", (_CHANGED, "if False:")),
        (_MOVING,),
        "DID NOT RAISE NotPossible",
        "change_during_the_move and event",
    ),
}
"""By name."""
