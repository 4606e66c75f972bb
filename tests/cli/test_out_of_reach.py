"""Every verb that opens a store ends with 3 when the store is out of reach, and says which one it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli import parcels, savings, watchers
from tests.cli.command import Leftfold, Ran, command
from tests.cli.test_import import lines_of
from tests.conftest import ROOT, LeftOut

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


def test_a_file_that_only_lets_read_is_looked_at_once_an_app_has_made_its_tables(
    leftfold: Leftfold, sqlite: str, tmp_path: Path, left_out: LeftOut
) -> None:
    private = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*private, "true"], check=False).returncode != 0:
        left_out("private mounts are not allowed: `unshare --user --mount` fails")
    look = ["projections", "--app", savings.APP, "--store", sqlite]
    kept = 'mount --bind bank.db bank.db && mount -o remount,bind,ro bank.db && cd "$0" && exec "$@"'

    def looked() -> Ran:
        arguments = [*private, "sh", "-ec", kept, str(ROOT), *command(*look)]
        ran = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    leftfold("migrate", "--store", sqlite)
    refused = looked()
    assert (refused.code, refused.out) == (3, "")
    assert "An app makes tables for its rows when it is opened for the first time: open it once where" in refused.err
    assert leftfold(*look).code == 0
    assert looked().code == 0
