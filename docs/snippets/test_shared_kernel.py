from __future__ import annotations

from pathlib import Path

from shared_kernel import MAP

from leftfold.borders import kernel_findings


def test_what_is_shared_is_what_all_teams_have_approved() -> None:
    assert kernel_findings(MAP, Path("kernel.lock"), Path("teams.toml")) == ()
