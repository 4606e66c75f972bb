"""What an app is opened and used with is imported by `sync()`: a thread that imports would spoil children of a fork."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from tests.app.club import Bell, Reach, Register, club

app = club(Bell(), store=sys.argv[1]).sync()
before = set(sys.modules)
with app:
    app.send(Register(member="ann"))
    app.start(Reach(member="ann"), id="1")
    app.settle()
    app.processes.count()
    app.sagas.show(Reach, "1")
print(*sorted(set(sys.modules) - before))
"""


def test_a_synchronous_app_imports_nothing_once_it_is_made(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PROGRAM, f"sqlite:///{tmp_path}/club.db"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"
