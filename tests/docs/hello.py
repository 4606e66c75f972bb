"""The README's program."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.conftest import ROOT


def hello() -> str:
    """The README's block of Python."""
    blocks: list[str] = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    (block,) = blocks
    return block


def balances_shown(python: str, directory: Path) -> list[str]:
    """What the program prints when *python* runs it twice in *directory*."""
    program = directory / "hello.py"
    program.write_text(hello())
    runs = [
        subprocess.run([python, program.name], cwd=directory, capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert [ran.stderr for ran in runs] == ["", ""]
    return [ran.stdout for ran in runs]
