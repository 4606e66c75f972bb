from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TESTS = """
def test_that_runs():
    assert 1 + 1 == 2

def test_that_cannot(left_out):
    left_out("the moon is not installed")
"""


def run(directory: Path, *arguments: str, ci: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "tests" / "conftest.py", directory)
    (directory / "test_it.py").write_text(TESTS)
    (directory / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "CI": ci}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_was_left_out_is_named_with_its_reason(tmp_path: Path, workers: str) -> None:
    ran = run(tmp_path, "-n", workers, ci="")
    assert ran.returncode == 0, ran.stdout
    assert "left out" in ran.stdout
    assert "the moon is not installed (1)\n  test_it.py::test_that_cannot" in ran.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_leaving_out_fails_a_ci_run(tmp_path: Path, workers: str) -> None:
    ran = run(tmp_path, "-n", workers, ci="true")
    assert ran.returncode == 1, ran.stdout
    assert "left out: with CI=true that is a failure" in ran.stdout


def test_a_ci_run_that_leaves_nothing_out_passes(tmp_path: Path) -> None:
    ran = run(tmp_path, "-k", "runs", ci="true")
    assert ran.returncode == 0, ran.stdout
    assert "left out" not in ran.stdout
