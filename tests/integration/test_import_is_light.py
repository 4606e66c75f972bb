from __future__ import annotations

import subprocess
import sys

import pytest

from leftfold import integration

LATE = ("cloud_event", "countries", "format_checks", "formats", "http_binding", "languages", "mapping", "structured")


def test_what_few_programs_need_is_imported_when_it_is_asked_for() -> None:
    code = (
        "import sys, leftfold.integration as room; before = set(sys.modules); room.CloudEvent; "
        "print(*sorted(name.rpartition('.')[2] for name in before if name.startswith('leftfold.integration.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in LATE if name in loaded] == []


def test_the_room_has_every_name_it_lists_and_no_other() -> None:
    assert [name for name in integration.__all__ if name not in dir(integration)] == []
    assert all(getattr(integration, name) is not None for name in integration.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = integration.Nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
