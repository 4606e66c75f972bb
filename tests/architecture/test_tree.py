from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.source import committed_files, source_files
from tests.conftest import ROOT

MOST_LINES = 400
SAY_NOTHING = {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
# Put together here, so that this file does not name them itself.
REGISTRIES = ["pypi" + ".org", "python" + "hosted", "registry" + ".npmjs", "deb" + ".debian"]
PATHS_OF_A_MACHINE = re.compile(r"/(?:work|farm)/|(?<![\w.~-])/(?:home|root|Users)/")


def names_a_machine(text: str) -> bool:
    return any(host in text for host in REGISTRIES) or PATHS_OF_A_MACHINE.search(text) is not None


def test_no_source_file_is_longer_than_400_lines() -> None:
    assert [file for file in source_files() if len(file.read_text().splitlines()) > MOST_LINES] == []


def test_no_source_file_has_a_name_that_says_nothing() -> None:
    assert [file for file in source_files() if SAY_NOTHING.intersection((file.stem, file.parent.name))] == []


def test_a_registry_or_a_path_of_some_machine_is_recognised() -> None:
    assert names_a_machine("https://" + REGISTRIES[0] + "/simple")
    assert names_a_machine("see /" + "home/someone/leftfold")
    assert not names_a_machine("https://example.org/network/home and examples/home/index.html")


def test_no_file_names_a_registry_or_a_path_of_some_machine() -> None:
    def named(file: Path) -> bool:
        return names_a_machine(file.read_bytes().decode(errors="replace"))

    assert [file for file in committed_files() if named(file)] == []


def test_the_readme_names_the_commands_to_start_with() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert "make run" in first_screen
    assert "make test" in first_screen
