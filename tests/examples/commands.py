"""Runs the examples as a person would: by `python -m`, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

__all__ = ["python", "start"]


def start(*arguments: str, cwd: Path = ROOT, store: str | None = None) -> subprocess.Popen[str]:
    """Start `python ARGUMENTS`; LEFTFOLD_STORE is *store*, or not set."""
    environment = {name: value for name, value in os.environ.items() if name != "LEFTFOLD_STORE"}
    environment |= {"PYTHONPATH": str(ROOT), **({"LEFTFOLD_STORE": store} if store else {})}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def python(*arguments: str, cwd: Path = ROOT, store: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python ARGUMENTS` to its end."""
    with start(*arguments, cwd=cwd, store=store) as process:
        stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
