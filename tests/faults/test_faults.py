"""Each named fault, planted into the running code, turns a named test red that is green without it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.faults.catalogue import FAULTS
from tests.faults.changes import Fault
from tests.faults.planting import VARIABLE

pytestmark = pytest.mark.faults

_PASSED, _FAILED = 0, 1


def _run(fault: Fault, planted: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not long", *fault.tests]
    return subprocess.run(
        [*command, "-k", fault.only] if fault.only else command,
        cwd=ROOT,
        env={**os.environ, VARIABLE: planted},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_its_test_red(name: str) -> None:
    sound = _run(FAULTS[name], "")
    assert sound.returncode == _PASSED, sound.stdout[-2_000:]
    faulty = _run(FAULTS[name], name)
    assert faulty.returncode == _FAILED, faulty.stdout[-2_000:]
    assert FAULTS[name].shows in faulty.stdout, faulty.stdout[-2_000:]
