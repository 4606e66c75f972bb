"""Every fault still finds what it changes, so that code that has moved on is noticed before `make faults` is run."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT
from tests.faults.catalogue import FAULTS

_PLANT_EACH = """
import os, traceback
from tests.faults.catalogue import FAULTS
for name, fault in FAULTS.items():
    if os.fork() == 0:
        try:
            fault.plant()
        except BaseException:
            print("not planted:", name, traceback.format_exc(), flush=True)
        os._exit(0)
    os.wait()
print(len(FAULTS))
"""


def test_every_fault_can_be_planted() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PLANT_EACH],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == (f"{len(FAULTS)}\n", "")
