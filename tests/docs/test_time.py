"""The page about the past shows a program that runs."""

from __future__ import annotations

import os
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


def test_the_pages_commands_answer_from_what_the_program_has_left(tmp_path: Path) -> None:
    shutil.copy(SNIPPETS / "moments.py", tmp_path)
    subprocess.run([sys.executable, "moments.py"], cwd=tmp_path, capture_output=True, check=True)
    [export, *commands] = re.findall(r"^(export|leftfold) ([^#\n]+)", PAGE, re.MULTILINE)
    stands_for = dict(pair.split("=") for pair in export[1].split())
    said: list[str] = []
    for _, arguments in commands:
        command = [sys.executable, "-m", "leftfold", *arguments.split()]
        asked = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **stands_for}, capture_output=True, text=True, check=False
        )
        assert (asked.returncode, asked.stderr) == (0, ""), arguments
        said.append(asked.stdout)
    version, valid, differs, since, audit, verify = said
    assert version == 'account-ada version 2\n   balance  "1500"\n   movements  2\n'
    assert '"1400"' in valid
    assert differs == 'balance  "1500" -> "1200"\nmovements  2 -> 4\n'
    assert since.count("  recorded ") == 4
    assert audit.count("by nobody named") == 4
    assert verify == "254 events read, 0 findings; snapshots: 2 read, 0 stale, 0 dropped\n"


def test_the_page_shows_every_part_of_the_program_in_its_order() -> None:
    sections = re.findall(r"^# (\w+)$", (SNIPPETS / "moments.py").read_text(), re.MULTILINE)
    shown = re.findall(r'moments\.py\n:language: python\n:start-after: "# (\w+)"', PAGE)
    assert shown == sections
    assert 'moments.py\n:language: python\n:end-before: "# model"' in PAGE
