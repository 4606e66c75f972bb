"""Sagas of six shapes whose steps fail as they are told, and what has to be true of them after any crash."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal

from msgspec import Struct

from leftfold import (
    Aggregate,
    Attempt,
    Context,
    Event,
    Outcome,
    Repository,
    Retry,
    Saga,
    Steps,
    applies,
    parallel,
    step,
)
from leftfold.processes import SagaView
from tests.guarantees.ledger import Act, Hand, No

__all__ = ["CASES", "SHAPES", "Case", "check_saga", "items_of", "saga_of", "selling"]

Shape = Literal["Linear", "Pivot", "Booking", "Both", "Guided", "Family"]

_TRIES: Final = Retry(attempts=3, first=timedelta(milliseconds=1), most=timedelta(milliseconds=2))
_EVER: Final = Retry(attempts=None, first=timedelta(milliseconds=1), most=timedelta(milliseconds=2))
_SOON_DONE: Final = 2


class Case(Struct, frozen=True, kw_only=True):
    """What becomes of a saga.

    Args:
        fails: the step that fails; none when empty.
        how: `refused`, or `lost`: it happens, and nobody is told.
        undo_fails: the step whose undo fails.
        aborted: whether somebody aborts it after the crash.
    """

    shape: Shape
    fails: str = ""
    how: str = ""
    undo_fails: str = ""
    aborted: bool = False

    def __str__(self) -> str:
        said = f"{self.fails} {self.how}" if self.fails else "aborted" if self.aborted else "success"
        return f"{said}, undo of {self.undo_fails} fails" if self.undo_fails else said

    @property
    def ends(self) -> Collection[str]:
        """How it may end."""
        if self.aborted:
            return ("completed", "compensated")
        if self.undo_fails or (self.shape == "Pivot" and (self.fails, self.how) in _PARKED):
            return ("stuck",)
        if not self.fails or (self.shape == "Pivot" and self.fails == "c"):
            return ("completed",)
        return ("compensated",)


_PARKED: Final = {("b", "lost"), ("c", "refused")}


class Told(Struct, kw_only=True):
    """What its steps are to do."""

    id: str
    fails: str = ""
    how: str = ""
    undo_fails: str = ""

    def end_of(self, step: str) -> str:
        """How it ends."""
        return self.how if self.fails == step else ""

    def undo_of(self, step: str) -> str:
        """How its undo ends."""
        return "down" if self.undo_fails == step else ""


class Booked(Event):
    saga: str


class Freed(Event):
    saga: str


class Seat(Aggregate[Booked | Freed], category="seat"):
    """Booked by commits."""

    def book(self, saga: str) -> None:
        self.record(Booked(saga=saga))

    def free(self, saga: str) -> None:
        self.record(Freed(saga=saga))

    @applies
    def _changed(self, event: Booked | Freed) -> None:
        pass


selling: Final = Context("selling")


@selling.saga
class Linear(Told, Saga):
    @step(retry=_TRIES, refused=(No,))
    async def a(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("a"))
        return "a"

    @a.undo(retry=_TRIES)
    async def undo_a(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("a"))

    @step(retry=_TRIES)
    async def b(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("b"))
        return "b"

    @b.undo(retry=_TRIES)
    async def undo_b(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("b"))

    @step(retry=_TRIES)
    async def c(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("c"))
        return "c"

    @c.undo(retry=_TRIES)
    async def undo_c(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("c"))


@selling.saga
class Pivot(Told, Saga):
    @step(retry=_TRIES)
    async def a(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("a"))
        return "a"

    @a.undo(retry=_TRIES)
    async def undo_a(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("a"))

    @step(pivot=True, retry=_TRIES)
    async def b(self, hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.end_of("b"))

    @step(retry=_EVER)
    async def c(self, hand: Hand, attempt: Attempt) -> None:
        lost_at_last = self.how == "lost" and attempt.number >= _SOON_DONE
        hand.act(attempt, "" if lost_at_last else self.end_of("c"))


@selling.saga
class Booking(Told, Saga):
    @step(retry=_TRIES)
    async def a(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("a"))
        return "a"

    @a.undo(retry=_TRIES)
    async def undo_a(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("a"))

    @step(retry=_TRIES)
    async def b(self, seats: Repository[Seat]) -> None:
        seat = await seats.find(self.id) or seats.new(self.id)
        seat.book(self.id)
        _raise(self.end_of("b"))

    @b.undo(retry=_TRIES)
    async def undo_b(self, was: Outcome[None], seats: Repository[Seat]) -> None:
        (await seats.get(self.id)).free(self.id)
        _raise(self.undo_of("b"))

    @step(retry=_TRIES)
    async def c(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("c"))
        return "c"

    @c.undo(retry=_TRIES)
    async def undo_c(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("c"))


@selling.saga
class Both(Told, Saga):
    @step(retry=_TRIES)
    async def a(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("a"))
        return "a"

    @a.undo(retry=_TRIES)
    async def undo_a(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("a"))

    @step(retry=_TRIES)
    async def b(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("b"))
        return "b"

    @b.undo(retry=_TRIES)
    async def undo_b(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("b"))

    together = parallel(a, b)

    @step(retry=_TRIES)
    async def c(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("c"))
        return "c"

    @c.undo(retry=_TRIES)
    async def undo_c(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("c"))


async def _do(steps: Steps, name: str, told: Told, hand: Hand) -> None:
    async def do(attempt: Attempt) -> str:
        hand.act(attempt, told.end_of(name))
        return name

    async def undo(_was: Outcome[str], attempt: Attempt) -> None:
        hand.act(attempt, told.undo_of(name))

    await steps.do(name, do, returns=str, undo=undo, retry=_TRIES, undo_retry=_TRIES, refused=(No,))


@selling.saga
class Guided(Told, Saga):
    async def run(self, steps: Steps, hand: Hand) -> None:
        for name in "abc":
            await _do(steps, name, self, hand)


@selling.saga
class Part(Told, Saga):
    @step(retry=_TRIES, refused=(No,))
    async def b(self, hand: Hand, attempt: Attempt) -> str:
        hand.act(attempt, self.end_of("b"))
        return "b"

    @b.undo(retry=_TRIES)
    async def undo_b(self, was: Outcome[str], hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, self.undo_of("b"))


@selling.saga
class Family(Told, Saga):
    async def run(self, steps: Steps, hand: Hand) -> None:
        await _do(steps, "a", self, hand)
        part = await steps.child("b", Part(id=self.id, fails=self.fails, how=self.how, undo_fails=self.undo_fails))
        assert part.end_of("b") == ""
        await _do(steps, "c", self, hand)


def _raise(how: str) -> None:
    """A commit that is refused or fails has no effect."""
    if how == "refused":
        raise No
    if how:
        raise ConnectionError(how)


_SHAPES: Final[Mapping[Shape, type[Linear | Pivot | Booking | Both | Guided | Family]]] = {
    "Linear": Linear,
    "Pivot": Pivot,
    "Booking": Booking,
    "Both": Both,
    "Guided": Guided,
    "Family": Family,
}

SHAPES: Final[Sequence[Shape]] = tuple(_SHAPES)
"""The last two are functions; step b of a family is a child."""


def _cases() -> Sequence[Case]:
    found: list[Case] = []
    for shape in SHAPES:
        found += [Case(shape=shape), Case(shape=shape, aborted=True)]
        found += [Case(shape=shape, fails=fails, how=how) for fails in "abc" for how in ("refused", "lost")]
        if shape == "Pivot":
            found.append(Case(shape=shape, fails="b", how="refused", undo_fails="a"))
        else:
            found += [Case(shape=shape, fails="c", how="lost", undo_fails=undo) for undo in "abc"]
    return found


CASES: Final = _cases()
"""Every shape, each with success, an abort, a failure of each step in both ways, and a failure of each undo."""


def saga_of(case: Case, id: str) -> Saga:
    """A new one."""
    return _SHAPES[case.shape](id=id, fails=case.fails, how=case.how, undo_fails=case.undo_fails)


def items_of(case: Case, id: str) -> Sequence[str]:
    """Its items of work: its own, and that of its child."""
    own = f"saga/selling.{case.shape}/{id}"
    return (own, f"saga/selling.Part/{id}/b") if case.shape == "Family" else (own,)


def check_saga(case: Case, view: SagaView, acts: Sequence[Act], events: Sequence[str]) -> None:
    """Check what has to be true of a saga that has ended.

    Args:
        acts: everything that happened for it.
        events: types of what it recorded, in order.
    """
    steps = {one.name: one for one in view.steps}
    begun = list(steps)
    own, *child = items_of(case, view.id)
    key = {name: f"{own}/{name}" for name in "abc"} | ({"b": f"{child[0]}/b"} if child else {})
    did = {act.step for act in acts if not act.undoes} | {"b" for type in events if type == "Booked"}
    called_back = list(dict.fromkeys(act.step for act in acts if act.undoes))
    undid = set(called_back) | {"b" for type in events if type == "Freed"}

    assert events in ([], ["Booked"], ["Booked", "Freed"]), "a commit happened twice, or was lost"
    assert view.status in case.ends, f"it ended {view.status}"
    assert did <= set(begun), "something happened that the saga does not know of"
    for act in acts:
        assert act.key == f"{key[act.step]}/{'undo' if act.undoes else 'do'}", "another try had another key"
        assert act.undoes in ("", f"{key[act.step]}/do"), "an undo was told another key"
    assert called_back == [name for name in reversed(begun) if name in called_back], "undone in another order"
    in_effect = did - undid
    if not view.back:
        assert not undid, "undone although nothing failed, or with no way back"
        assert view.status == "stuck" or in_effect == set(begun) == set("abc"), "a step is lost"
        return
    refused = {name for name, one in steps.items() if one.status == "refused"}
    assert not undid & (refused - {"b"} if child else refused), "undone although refused"
    assert in_effect <= {case.undo_fails}, "it is in effect, and nobody undoes it"
    parked = {name for name, one in steps.items() if one.status == "parked"}
    assert parked == ({case.undo_fails} if view.status == "stuck" else set()), "parked without a reason"
