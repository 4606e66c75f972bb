"""What cannot be read parks its stream: nothing is lost, nothing is handled twice, nothing goes ahead of it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Container, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from leftfold import Event, IntegrationEvent, RecordedEvent
from leftfold.errors import UnreadableMessage
from leftfold.store.transaction import Write
from leftfold.subscriptions import Consumer, Failing, Failure, Outcome, Policy
from leftfold.subscriptions.admitting import Admitting, Unread, admitting

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
UNREAD = Unread(UnreadableMessage("told", "it is of the future"))


class Told(Struct, frozen=True):
    keys: tuple[str, ...]
    bad: bool = False


class Fact(Struct, frozen=True):
    """An event of the log: in which stream, for which keys, and what is wrong with it at first."""

    stream: str
    keys: tuple[str, ...]
    flaw: str = ""

    def recorded(self, position: int, *, mended: bool) -> RecordedEvent[object]:
        flaw = "" if mended else self.flaw
        return RecordedEvent(
            event=UNREAD if flaw == "unread" else Told(self.keys, flaw == "bad"),
            stream=self.stream,
            version=position,
            position=position,
            id=UUID(int=position),
            type="told",
            schema_version=1,
            occurred_at=WHEN,
            recorded_at=WHEN,
        )


class Folding:
    """Handles events by key, or by stream, as projections and reactions do; what it did is what it writes."""

    events: frozenset[type] = frozenset({Told})

    def __init__(self, *, keyed: bool) -> None:
        self._keyed = keyed
        self.forgotten = 0

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        assert isinstance(event.event, Told)
        return event.event.keys if self._keyed else (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        done: list[Any] = []
        failures: list[Failure] = []
        failed: set[str] = set()
        for event in events:
            for key in (key for key in self.subjects(event) if only in (None, key)):
                if key in parked or key in failed:
                    failures.append(Failure(key, event, None))
                elif getattr(event.event, "bad", False):
                    failures.append(Failure(key, event, RuntimeError("bad")))
                    failed.add(key)
                else:
                    done.append((key, event.position))
        return Outcome(done, failures)

    def forget(self) -> None:
        self.forgotten += 1


class Following:
    """A follower in small: batches, letters by subject, and tries of a subject from its first letter on."""

    def __init__(self, log: Sequence[Fact], *, keyed: bool) -> None:
        self.log = log
        self.letters: dict[str, list[int]] = defaultdict(list)
        self.done: list[tuple[str, int]] = []
        self._consumer = Admitting(Folding(keyed=keyed), keyed=keyed, parks=True)

    def follow(self, size: int) -> None:
        for start in range(0, len(self.log), size):
            batch = [one.recorded(at, mended=False) for at, one in self._at(range(start, start + size))]
            outcome = result(self._consumer.consume(batch, self._parked()))
            self._commit(outcome.writes)
            for failure in outcome.failures:
                self.letters[failure.subject].append(failure.event.position)

    def retry(self, subject: str, *, mended: bool = True) -> None:
        while letters := self.letters.get(subject):
            events = [one.recorded(at, mended=mended) for at, one in self._at([letters[0]])]
            outcome = result(self._consumer.consume(events, self._parked() - {subject}, subject))
            if any(failure.error is not None for failure in outcome.failures):
                return
            self._commit(outcome.writes)
            letters.pop(0)
        self.letters.pop(subject, None)

    def _parked(self) -> set[str]:
        return set(self.letters)

    def _at(self, positions: Collection[int]) -> list[tuple[int, Fact]]:
        return [(at, self.log[at]) for at in positions if at < len(self.log)]

    def _commit(self, writes: Sequence[Write]) -> None:
        self.done += cast("Sequence[tuple[str, int]]", writes)  # this consumer writes what it did


def result(waiting: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What comes of a coroutine that waits for nothing."""
    try:
        waiting.send(None)
    except StopIteration as stopped:
        outcome: Outcome = stopped.value
        return outcome
    raise AssertionError("it waits")


facts = st.sampled_from(["a", "b"]).flatmap(
    lambda stream: st.builds(
        Fact,
        stream=st.just(stream),
        keys=st.lists(st.sampled_from([f"{stream}1", f"{stream}2"]), unique=True, max_size=2).map(tuple),
        flaw=st.sampled_from(["", "", "", "bad", "unread"]),
    )
)
logs = st.lists(facts, max_size=12)


@given(log=logs, keyed=st.booleans(), size=st.integers(1, 5), order=st.randoms(use_true_random=False))
def test_once_everything_is_mended_each_key_has_had_its_events_once_and_in_order(
    log: list[Fact], *, keyed: bool, size: int, order: random.Random
) -> None:
    following = Following(log, keyed=keyed)
    following.follow(size)
    for _ in range(len(log) + 1):
        subjects = sorted(following.letters)
        order.shuffle(subjects)
        for subject in subjects:
            following.retry(subject)
    assert dict(following.letters) == {}
    had: dict[str, list[int]] = defaultdict(list)
    for key, position in following.done:
        had[key].append(position)
    wanted: dict[str, list[int]] = defaultdict(list)
    for position, one in enumerate(log):
        for key in one.keys if keyed else (one.stream,):
            wanted[key].append(position)
    assert had == wanted


@given(log=logs, keyed=st.booleans(), size=st.integers(1, 5))
def test_nothing_of_a_stream_is_handled_after_what_cannot_be_read_of_it(
    log: list[Fact], *, keyed: bool, size: int
) -> None:
    following = Following(log, keyed=keyed)
    following.follow(size)
    for subject in list(following.letters):
        following.retry(subject, mended=False)
    for stream in ("a", "b"):
        unread = [at for at, one in enumerate(log) if one.stream == stream and one.flaw == "unread"]
        handled = [at for _, at in following.done if log[at].stream == stream]
        assert not unread or all(at < unread[0] for at in handled)
        subject = f"stream {stream}" if keyed else stream
        assert not unread or following.letters[subject]


def test_with_a_policy_that_skips_later_events_go_on() -> None:
    consumer = Admitting(Folding(keyed=True), keyed=True, parks=False)
    log = [Fact("a", ("a1",)), Fact("a", ("a1",), "unread"), Fact("a", ("a1",))]
    outcome = result(consumer.consume([one.recorded(at, mended=False) for at, one in enumerate(log)], ()))
    assert str(outcome.writes) == str([("a1", 0), ("a1", 2)])
    assert [(one.subject, one.event.position, one.error) for one in outcome.failures] == [("stream a", 1, UNREAD.error)]


def test_what_was_folded_and_is_not_written_is_forgotten() -> None:
    folding = Folding(keyed=True)
    consumer = Admitting(folding, keyed=True, parks=True)
    event = Fact("a", ("a1", "a2")).recorded(0, mended=True)
    outcome = result(consumer.consume([event], {"a2"}, "stream a"))
    assert (list(outcome.writes), folding.forgotten) == ([], 1)
    (failure,) = outcome.failures
    assert (failure.subject, "it waits for 'a2'" in str(failure.error)) == ("stream a", True)


class Own(Event):
    pass


class Foreign(IntegrationEvent):
    pass


def test_only_who_follows_another_context_or_finds_keys_is_admitted_to() -> None:
    def make() -> Consumer:
        return Folding(keyed=True)

    assert isinstance(admitting(make, [Own], Policy(), keyed=False)(), Folding)
    assert isinstance(admitting(make, [Own], Policy(), keyed=True)(), Admitting)
    wrapped = admitting(make, [Own, Foreign], Policy(failing=Failing.PARK), keyed=True)()
    assert isinstance(wrapped, Admitting)
    assert wrapped.events == {Told, Unread}
    recorded = msgspec.structs.replace(Fact("a", ("k",)).recorded(1, mended=True), event=UNREAD)
    assert wrapped.subjects(recorded) == ("stream a",)
