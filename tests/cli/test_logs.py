from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from leftfold.cli.logs import log_to_stderr


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_line_has_the_ids_that_a_record_was_given_and_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr(json=True)
    try:
        raise KeyError("lost")
    except KeyError:
        ids = {"command_id": "c1", "correlation_id": "r1", "actor": None}
        logging.getLogger("leftfold").exception("failed: %s", "two\nlines", extra=ids)
    [text] = [one for one in capsys.readouterr().err.splitlines() if one.startswith("{")]
    line = json.loads(text)
    assert "KeyError: 'lost'" in line.pop("error")
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "error",
        "logger": "leftfold",
        "message": "failed: two\nlines",
        "command_id": "c1",
        "correlation_id": "r1",
    }


def test_text_for_people_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr(json=False)
    logging.getLogger("leftfold").info("red \x1b[31m")
    assert capsys.readouterr().err.endswith(" INFO red \\x1b[31m\n")
