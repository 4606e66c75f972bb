"""The page about the past shows a program that runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "time.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"


def test_the_pages_program_prints_what_the_page_shows(tmp_path: Path) -> None:
    shutil.copy(SNIPPETS / "moments.py", tmp_path)
    ran = subprocess.run([sys.executable, "moments.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.stderr, ran.stdout) == ("", (SNIPPETS / "moments.txt").read_text())


def test_the_page_shows_every_part_of_the_program_in_its_order() -> None:
    sections = re.findall(r"^# (\w+)$", (SNIPPETS / "moments.py").read_text(), re.MULTILINE)
    shown = re.findall(r'moments\.py\n:language: python\n:start-after: "# (\w+)"', PAGE)
    assert shown == sections
    assert 'moments.py\n:language: python\n:end-before: "# model"' in PAGE
