"""Sagas on two apps that share a store, with anything happening at any time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from leftfold import App, Attempt, Context, DomainError, Outcome, Repository, Retry, Saga, parallel, step
from leftfold.errors import NotPossible
from leftfold.processes import SagaView
from leftfold.store.memory import MemoryStore
from leftfold.store.memory_log import MemoryLog
from leftfold.subscriptions.worker import Timing
from leftfold.testing import ManualClock
from tests.processes.parcels import Order

R = TypeVar("R")

_RETRY: Final = Retry(attempts=2, first=timedelta(seconds=1), most=timedelta(seconds=1))
_SHORT: Final = timedelta(milliseconds=20)
_DEADLINE: Final = timedelta(minutes=10)
_TIMING: Final = Timing(lease_s=15.0, poll_s=0.01, grace_s=0.001)
_ENDED: Final = ("completed", "compensated", "stuck")
_STEPS: Final = ("a", "b", "c", "d")
_UNDOS: Final = ("undo a", "undo b", "undo c")
_FAILURES: Final = ("lost", "failed", "refused", "late")


class No(DomainError):
    """It was refused."""


class Effects:
    """What happened: by key, whether it is in effect; and who was called in which order."""

    def __init__(self) -> None:
        self.next = defaultdict[str, list[str]](list)
        self.in_effect: dict[str, bool] = {}
        self.called: list[Attempt] = []
        self._under_way: set[str] = set()

    async def call(self, what: str, attempt: Attempt) -> None:
        """End as was said beforehand: `done`, `lost`, `failed`, `refused`, `late`; an undo that is not done fails."""
        self.called.append(attempt)
        subject = attempt.undoes or attempt.key
        assert subject not in self._under_way, "it is done, or undone, twice at the same time"
        self._under_way.add(subject)
        try:
            await asyncio.sleep(0)
            said = self.next[f"{attempt.key.split('/')[2]}/{what}"]
            end = said.pop(0) if said else "done"
            if end == "done" or (end == "lost" and not attempt.undoes):
                self.in_effect[subject] = not attempt.undoes
            if end == "late":
                await asyncio.sleep(1)
        finally:
            self._under_way.discard(subject)
        if end == "refused" and not attempt.undoes:
            raise No
        if end != "done":
            raise ConnectionError(end)


shop: Final = Context("shop")


@shop.saga
class Handle(Saga, deadline=_DEADLINE):
    id: str

    @step(retry=_RETRY, timeout=_SHORT)
    async def a(self, effects: Effects, attempt: Attempt) -> None:
        await effects.call("a", attempt)

    @a.undo(retry=_RETRY)
    async def undo_a(self, was: Outcome[None], effects: Effects, attempt: Attempt) -> None:
        await effects.call("undo a", attempt)

    @step(retry=_RETRY, timeout=_SHORT)
    async def b(self, effects: Effects, attempt: Attempt) -> None:
        await effects.call("b", attempt)

    @b.undo(retry=_RETRY)
    async def undo_b(self, was: Outcome[None], effects: Effects, attempt: Attempt) -> None:
        await effects.call("undo b", attempt)

    @step(retry=_RETRY, timeout=_SHORT)
    async def c(self, effects: Effects, attempt: Attempt) -> None:
        await effects.call("c", attempt)

    @c.undo(retry=_RETRY)
    async def undo_c(self, was: Outcome[None], effects: Effects, attempt: Attempt) -> None:
        await effects.call("undo c", attempt)

    both = parallel(b, c)

    @step(pivot=True)
    async def p(self, orders: Repository[Order]) -> None:
        orders.new(self.id).confirm("p")

    @step(retry=_RETRY, timeout=_SHORT)
    async def d(self, effects: Effects, attempt: Attempt) -> None:
        await effects.call("d", attempt)


Failing: TypeAlias = Sequence[tuple[str, Sequence[str]]]
"""Steps, or undos, and how their next tries end."""

which = st.integers(0, 1)
failing: st.SearchStrategy[Failing] = st.lists(
    st.tuples(st.sampled_from(_STEPS), st.lists(st.sampled_from(_FAILURES), min_size=1, max_size=2)), max_size=2
)
undo_failing: st.SearchStrategy[Failing] = st.lists(
    st.tuples(st.sampled_from(_UNDOS), st.lists(st.just("failed"), min_size=1, max_size=2)), max_size=2
)


class SagaMachine(RuleBasedStateMachine):
    """See the module."""

    begun: Bundle[str] = Bundle("begun")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = ManualClock()
        self.log = MemoryLog()
        self.effects = Effects()
        self.apps: list[App] = []
        self.started: set[str] = set()
        self.by_hand: set[tuple[str, str]] = set()
        """Steps that a person took as done, or went on without."""

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.apps = [self.run(self._opened()) for _ in range(2)]

    async def _opened(self) -> App:
        store = MemoryStore(clock=self.clock, log=self.log)
        app = App(shop, store=store, provide={Effects: self.effects}, clock=self.clock, workers=_TIMING)
        return await app.__aenter__()

    @rule(target=begun, at=which, fails=failing, undo_fails=undo_failing)
    def start(self, at: int, fails: Failing, undo_fails: Failing) -> str:
        return self._start(at, fails, undo_fails)

    def _start(self, at: int, fails: Failing, undo_fails: Failing) -> str:
        id = f"{len(self.started)}"
        for what, ends in (*fails, *undo_fails):
            self.effects.next[f"{id}/{what}"] += ends
        assert not self.run(self.apps[at].start(Handle(id=id), id=id)).repeated
        self.started.add(id)
        return id

    @rule(target=begun, at=which, by=which, fails=undo_failing, turns=st.integers(0, 60))
    def start_and_abort(self, at: int, by: int, fails: Failing, turns: int) -> str:
        id = self._start(at, (), fails)
        self.time_for_some_turns(turns)
        self.abort(id, by)
        return id

    @rule(id=begun, at=which)
    def start_once_more(self, id: str, at: int) -> None:
        assert self.run(self.apps[at].start(Handle(id=id), id=id)).repeated

    @rule(id=begun, fails=failing, undo_fails=undo_failing)
    def something_will_fail(self, id: str, fails: Failing, undo_fails: Failing) -> None:
        for what, ends in (*fails, *undo_fails):
            self.effects.next[f"{id}/{what}"] += ends

    @rule(turns=st.integers(1, 40))
    def time_for_some_turns(self, turns: int) -> None:
        async def turn() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.run(turn())

    @rule()
    def settle(self) -> None:
        async def settled() -> None:
            async with asyncio.timeout(30):
                for app in (*self.apps, *self.apps):
                    await app.running("shop").idle()

        self.run(settled())

    @rule(seconds=st.sampled_from([1, 16, 60, 700]))
    def time_passes(self, seconds: int) -> None:
        self.settle()  # whoever is in the midst of something keeps what it holds: leases end by this clock
        self.clock.advance(timedelta(seconds=seconds))
        self.settle()

    @rule(at=which)
    def an_app_is_closed_and_another_opened(self, at: int) -> None:
        self.run(self.apps[at].__aexit__(None, None, None))
        self.clock.advance(timedelta(milliseconds=2))
        self.apps[at] = self.run(self._opened())

    @rule(id=begun, at=which)
    def abort(self, id: str, at: int) -> None:
        try:
            view = self.run(self.apps[at].sagas.abort(Handle, id, who="ann", why="enough"))
        except NotPossible:
            view = self.show(id)
            assert view.status == "completed" or _standing(view).get("p") == "done"
        else:
            assert view.back

    @rule(id=begun, at=which, verb=st.sampled_from(["retry", "skip", "resolve"]))
    def mend(self, id: str, at: int, verb: str) -> None:
        parked = {name for name, status in _standing(self.show(id)).items() if status == "parked"}
        sagas = self.apps[at].sagas
        mended = {"retry": sagas.retry, "skip": sagas.skip, "resolve": sagas.resolve}[verb]
        try:
            self.run(mended(Handle, id, who="ann", why="so"))
        except NotPossible:
            assert not parked
        else:
            assert parked
            self.by_hand |= {(id, name) for name in parked if verb != "retry"}

    def show(self, id: str) -> SagaView:
        return self.run(self.apps[0].sagas.show(Handle, id))

    @invariant()
    def what_is_in_effect_is_what_the_saga_says(self) -> None:
        for id in self.started:
            self._check(id)

    async def _seen(self, id: str) -> tuple[SagaView, list[Attempt], set[str], int]:
        """An instance, its calls, which steps are in effect, and how often it was confirmed, all of one moment."""
        prefix = f"saga/shop.Handle/{id}/"
        view = await self.apps[0].sagas.show(Handle, id)
        calls = [one for one in self.effects.called if one.key.startswith(prefix)]
        in_effect = {name for name in _STEPS if self.effects.in_effect.get(f"{prefix}{name}/do")}
        return view, calls, in_effect, len(self.log.streams.get(f"order-{id}", []))

    def _check(self, id: str) -> None:
        view, calls, in_effect, confirmed = self.run(self._seen(id))
        standing, prefix = _standing(view), f"saga/shop.Handle/{id}/"
        assert view.status in ("running", "compensating", *_ENDED)
        assert {one.key for one in calls} <= {f"{prefix}{name}" for name in _keys()}, "another try had another key"
        undone = list(dict.fromkeys(_step_of(one) for one in calls if one.undoes))
        assert undone == [name for name in reversed(list(standing)) if name in undone], "undone in another order"
        if standing.get("p") == "done":
            assert not undone, "undone although there is no way back"
        assert confirmed == (standing.get("p") == "done"), "a commit without its journal"
        if view.status in _ENDED:
            self._check_ended(id, view, in_effect)

    def _check_ended(self, id: str, view: SagaView, in_effect: set[str]) -> None:
        standing = _standing(view)
        parked = {name for name, status in standing.items() if status == "parked"}
        apart = parked | {name for at, name in self.by_hand if at == id}
        assert (view.status == "stuck") == bool(parked)
        if view.back:
            assert in_effect <= apart, "it is in effect, and nobody undoes it"
        else:
            assert in_effect | apart >= set(_STEPS), "a step is lost"

    def teardown(self) -> None:
        try:
            self.effects.next.clear()
            for _ in range(6):
                if self.apps:
                    self.time_passes(700)
            for id in self.started:
                view = self.show(id)
                assert view.status in _ENDED, f"it has not ended: {view}"
                if view.status == "stuck":
                    self.run(self.apps[0].sagas.retry(Handle, id, who="ann", why="all is well"))
                    self.time_passes(1)
                    assert self.show(id).status in ("completed", "compensated")
                self._check(id)
        finally:
            for app in self.apps:
                self.run(app.__aexit__(None, None, None))
            self.runner.close()


def _standing(view: SagaView) -> dict[str, str]:
    return {one.name: one.status for one in view.steps}


def _step_of(attempt: Attempt) -> str:
    return attempt.key.split("/")[-2]


def _keys() -> set[str]:
    return {f"{name}/{way}" for name in _STEPS for way in ("do", "undo")}


TestSagas = SagaMachine.TestCase
TestSagas.settings = settings(max_examples=60, stateful_step_count=40)
