from __future__ import annotations

import sys
from pathlib import Path

from tests.docs.hello import balances_shown


def test_the_readmes_program_keeps_what_it_was_told_from_one_run_to_the_next(tmp_path: Path) -> None:
    assert balances_shown(sys.executable, tmp_path) == ["500\n", "1000\n"]
