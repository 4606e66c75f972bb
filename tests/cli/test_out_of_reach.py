"""Every verb that opens a store ends with 3 when the store is out of reach, and says which one it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import parcels, savings, watchers
from tests.cli.command import Leftfold
from tests.cli.test_import import lines_of

NOWHERE = "postgresql://postgres@127.0.0.1:1/nothing?deadline_s=0.1"
ALONE = [
    ["migrate"],
    ["migrate", "--check"],
    ["streams"],
    ["show", "a-1"],
    ["log"],
    ["audit", "a-1"],
    ["schema", "check", "--app", savings.APP],
    ["verify"],
    ["export", "-"],
    ["import", "FILE"],
]
WITH_APP = [
    ["migrate", "--app", savings.APP],
    ["work", "--app", savings.APP],
    ["projections", "--app", savings.APP],
    ["rebuild", "balances", "--app", savings.APP],
    ["reset", "notify", "--to", "end", "--app", savings.APP],
    ["dead-letters", "list", "--app", savings.APP],
    ["sagas", "list", "--app", parcels.APP],
    ["processes", "list", "--app", watchers.APP],
    ["timers", "--app", watchers.APP],
    ["query", "GetBalance", '{"account": "A"}', "--app", savings.APP],
    ["send", "Deposit", '{"account": "A", "cents": 5}', "--app", savings.APP],
    ["trace", "c", "--app", savings.APP],
    ["flow", "--observed", "--app", savings.APP],
    ["context", "observe", "--app", savings.APP],
    ["move", "--to", "sqlite:///elsewhere.db", "--app", savings.APP],
]


@pytest.mark.parametrize("arguments", [*ALONE, *WITH_APP], ids=" ".join)
def test_a_store_out_of_reach_ends_any_verb_with_3(leftfold: Leftfold, tmp_path: Path, arguments: list[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(lines_of([])))
    ran = leftfold(*(str(log) if one == "FILE" else one for one in arguments), "--store", NOWHERE)
    assert (ran.code, ran.out) == (3, "")
    assert "127.0.0.1:1/nothing" in ran.err
