from __future__ import annotations

import json
import logging

import pytest

from leftfold import Metadata
from leftfold.cli.logs import logging_to_stderr
from leftfold.handling.correlation import handling
from tests.cli.command import Leftfold
from tests.cli.savings import APP


def test_a_json_line_has_the_ids_that_a_record_was_given_and_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr(json=True):
        try:
            raise KeyError("lost")
        except KeyError:
            ids = {"command_id": "c1", "correlation_id": "r1", "actor": None}
            logging.getLogger("leftfold").exception("failed: %s", "two\nlines", extra=ids)
    [text] = capsys.readouterr().err.splitlines()
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


def test_a_json_line_has_the_ids_of_what_is_handled(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr(json=True), handling(Metadata(correlation_id="r1", command_id="c1")):
        logging.getLogger("theirs").warning("slow")
    [text] = capsys.readouterr().err.splitlines()
    assert (json.loads(text)["correlation_id"], json.loads(text)["command_id"]) == ("r1", "c1")


def test_text_for_people_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr(json=False):
        logging.getLogger("leftfold").info("red \x1b[31m")
    assert capsys.readouterr().err.endswith(" INFO red \\x1b[31m\n")


def test_a_worker_leaves_the_logging_of_its_process_as_it_was(leftfold: Leftfold, sqlite: str) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    assert leftfold("work", "--app", APP, "--store", sqlite).code == 1  # there is no store yet
    assert (root.handlers, root.level) == before
