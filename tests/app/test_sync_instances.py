"""Instances of sagas and processes, counted and forgotten by a program that does not await."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leftfold import App, Attempt, Context, Saga, step
from tests.processes.test_timers import Bell
from tests.processes.watches import Poke, Wait, watching

_LATER = datetime.now(UTC) + timedelta(days=1)


class Walk(Saga):
    @step(undoable=False)
    async def go(self, attempt: Attempt) -> str:
        return attempt.key


def test_instances_are_counted_and_forgotten_without_await() -> None:
    walks = Context("walks")
    walks.saga(Walk)
    with App(watching(Bell()), walks, store="memory:").sync() as app:
        for id in ("runs", "over"):
            app.send(Wait(id=id))
        app.send(Poke(id="over", what="end"))
        app.start(Walk(), id="1")
        app.settle()
        assert (app.processes.count("watch"), app.sagas.count(Walk)) == ({"waiting": 1, "ended": 1}, {"completed": 1})
        assert [view.key for view in app.processes.forget(before=_LATER, try_only=True)] == ["over"]
        assert [view.key for view in app.processes.forget(before=_LATER)] == ["over"]
        assert [view.id for view in app.sagas.forget(Walk, before=_LATER)] == ["1"]
        assert (app.processes.count(), app.sagas.count()) == ({"waiting": 1}, {})
