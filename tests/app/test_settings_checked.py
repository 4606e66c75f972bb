"""What an app and its parts are given is checked when they are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from leftfold import App, Context, Query
from leftfold.errors import DefinitionError
from leftfold.subscriptions import Timing


class Ask(Query[int]):
    pass


async def answer(_query: Ask) -> int:
    return 1


def _cached(cache: Any) -> Context:  # noqa: ANN401 - what types would refuse
    context = Context("asked")
    context.query(cache=cache)(answer)
    return context


def _app(*, store: Any = "memory:", workers: Any = True) -> App:  # noqa: ANN401 - what types would refuse
    return App(Context("one"), store=store, workers=workers)


def _of(part: Any) -> App:  # noqa: ANN401 - as above
    return App(part, store="memory:")


def _set(workers: Any) -> App:  # noqa: ANN401 - as above
    return _app().with_settings(workers=workers)


@pytest.mark.parametrize(
    ("make", "flaw"),
    [
        (lambda: _app(workers=5), "workers=5; give True, False or a Timing"),
        (lambda: _app(workers="yes"), "workers='yes'; give True"),
        (lambda: _set(0.5), "workers=0.5; give True"),
        (lambda: _app(store=None), "store=None is no store; give a URL"),
        (lambda: _app(store=5), "store=5 is no store"),
        (lambda: _app(store={"one": None}), "store=None is no store"),
        (lambda: _of("x"), "App got 'x'; give it contexts"),
        (lambda: _of(int), "App got <class 'int'>; give it contexts"),
        (lambda: _cached(30), "cache=30; give a timedelta"),
        (lambda: _cached("30"), "cache='30'; give a timedelta"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(make: Callable[[], object], flaw: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        make()
    assert flaw in str(refused.value)


def test_what_makes_sense_is_taken() -> None:
    for workers in (True, False, Timing()):
        assert _app(workers=workers).with_settings(workers=None).contexts[0].name == "one"
    assert _cached(timedelta(seconds=30)).queries[0].cache == timedelta(seconds=30)
