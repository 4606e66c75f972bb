"""`assert_context_map`: what a user's test of the map says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from leftfold import Aggregate, App, Event, applies
from leftfold.contexts import Context, ContextMap
from leftfold.errors import DefinitionError, InvalidBaseline, InvalidObservation
from leftfold.testing import assert_context_map

NOBODYS = ContextMap("acme", alone=(Context("a"),))
SOUND = ContextMap("acme", alone=(Context("a", team="t"),))
ACCEPTED = """
[[accepted]]
rule = "no-team"
contexts = ["a"]
subject = ""
reason = "the team is being hired"
until = 2027-01-31
"""


class Noted(Event):
    text: str


class Note(Aggregate[Noted]):
    @applies
    def _noted(self, event: Noted) -> None: ...


def test_a_map_that_holds_passes() -> None:
    assert_context_map(SOUND)


def test_one_that_does_not_shows_what_was_found() -> None:
    with pytest.raises(AssertionError) as told:
        assert_context_map(NOBODYS)
    assert str(told.value).startswith(
        "contexts do not keep to their map\n\nwarning: no-team\n  a: nobody answers for a"
    )
    assert f"declared at  {Path(__file__).relative_to(Path.cwd())}:" in str(told.value)


def test_an_app_is_held_to_its_map() -> None:
    with pytest.raises(DefinitionError, match="this App has no map"):
        assert_context_map(App(Note, store="memory:"))
    made = Context("a")
    with pytest.raises(AssertionError, match="no-team"):
        assert_context_map(App(made, store="memory:", context_map=ContextMap("acme", alone=(made,))))


def test_what_is_accepted_passes_until_its_day(tmp_path: Path) -> None:
    baseline = tmp_path / "base.toml"
    baseline.write_text(ACCEPTED)
    assert_context_map(NOBODYS, baseline=baseline, today=date(2027, 1, 30))
    with pytest.raises(AssertionError, match="accepted until 2027-01-31: the team is being hired; that is over"):
        assert_context_map(NOBODYS, baseline=baseline, today=date(2027, 1, 31))


def test_what_was_observed_is_joined(tmp_path: Path) -> None:
    observed = tmp_path / "seen.json"
    observed.write_text(
        '{"format": 1, "observed": [{"kind": "event", "source": "a", "type": "T", "version": 1, "consumer": "b", '
        '"count": 1, "first": "2026-03-01T12:00:00Z", "last": "2026-03-01T12:00:00Z"}]}'
    )
    with pytest.raises(AssertionError, match="b takes the event T v1"):
        assert_context_map(SOUND, observed=observed)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[")
    with pytest.raises(InvalidBaseline):
        assert_context_map(SOUND, baseline=broken)
    with pytest.raises(InvalidObservation):
        assert_context_map(SOUND, observed=broken)
