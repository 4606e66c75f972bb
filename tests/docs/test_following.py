"""The page about following shows a program that runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "following.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"


def test_the_pages_program_prints_what_the_page_shows_beside_its_thanks(tmp_path: Path) -> None:
    shutil.copy(SNIPPETS / "following.py", tmp_path)
    ran = subprocess.run([sys.executable, "following.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    printed = [line for line in ran.stdout.splitlines(keepends=True) if not line.startswith("thank you, ")]
    assert (ran.stderr, "".join(printed)) == ("", (SNIPPETS / "following.txt").read_text())


def test_the_page_shows_every_part_of_the_program_in_its_order() -> None:
    sections = re.findall(r"^# (\w+)$", (SNIPPETS / "following.py").read_text(), re.MULTILINE)
    shown = re.findall(r'following\.py\n:language: python\n:start-after: "# (\w+)"\n:end-before: "# (\w+)"', PAGE)
    assert shown == list(pairwise(sections))
