"""A pytest plugin that adds one test to a run: contexts keep to their map.

`pytest -p leftfold.testing.pytest_plugin --context-map MODULE:OBJECT`, which may stand in `addopts`. It is not switched
on by being installed, as every run of pytest would pay for its import.
"""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name
from typing import Final

import pytest

from leftfold.app.composition import App
from leftfold.contexts.context_map import ContextMap, MapBroken
from leftfold.errors import LeftfoldError
from leftfold.testing.context_map import assert_context_map

__all__ = ["ContextMapItem", "pytest_addoption", "pytest_collection_modifyitems"]

_MAP: Final = "--context-map"
_OBSERVED: Final = "--context-map-observed"
_BASELINE: Final = "--context-map-baseline"
_SENTENCE: Final = "contexts keep to their map"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("leftfold")
    group.addoption(_MAP, metavar="MODULE:OBJECT", help="an App with context_map=, a ContextMap, or a function")
    group.addoption(_OBSERVED, metavar="FILE", help="what logs show, from leftfold context observe")
    group.addoption(_BASELINE, metavar="FILE", help="findings that are accepted for a while")


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among all
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the test, when a map is named."""
    place: str | None = config.getoption(_MAP)
    if place is not None:
        name = f"context-map[{place}]"
        items.append(ContextMapItem.from_parent(session, name=name))  # pyright: ignore[reportUnknownMemberType]


class ContextMapItem(pytest.Item):
    """The test; its name ends with the map's place."""

    def runtest(self) -> None:
        """Pass when `assert_context_map` does; a failure is told without a traceback."""
        place = str(self.config.getoption(_MAP))
        try:
            assert_context_map(_made(place), observed=self._file(_OBSERVED), baseline=self._file(_BASELINE))
        except (AssertionError, LeftfoldError) as error:
            told = str(error)
        else:
            return
        pytest.fail(told, pytrace=False)  # out here, so that it is told once and not as the cause of itself, too

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands above a failure."""
        return self.path, None, _SENTENCE

    def _file(self, option: str) -> Path | None:
        given: str | None = self.config.getoption(option)
        return None if given is None else self.config.invocation_params.dir / given


def _made(place: str) -> App | ContextMap:
    try:
        found = _resolved(place)
        if callable(found) and not isinstance(found, App | ContextMap):
            found = found()
    except MapBroken as broken:  # an app that its map refuses still says which map
        return broken.context_map
    if isinstance(found, App | ContextMap):
        return found
    text = f"{_MAP} {place!r} is a {type(found).__name__}; name an App with context_map=, a ContextMap, or a function"
    pytest.fail(text, pytrace=False)


def _resolved(place: str) -> object:
    try:
        return resolve_name(place)
    except (ImportError, AttributeError, ValueError) as error:
        told = f"{_MAP} {place!r}: {error}; write MODULE:OBJECT"
    pytest.fail(told, pytrace=False)
