"""Rules of the state machine about moments: recorded times, positions, listings and valid times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from leftfold.testing.conformance.machine_ground import STREAMS, MachineGround
from leftfold.testing.conformance.stores import log_of

__all__ = ["VALID_TIMES", "MomentRules"]

_FIRST = datetime(1993, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)

VALID_TIMES = st.integers(0, 5).map(lambda day: _FIRST + timedelta(days=day))

_BOUNDS = st.one_of(st.none(), st.integers(0, 30))


class MomentRules(MachineGround):
    """What a store and the reference say about moments."""

    @rule(data=st.data(), ticks=st.integers(-1, 1))
    def position_at(self, data: st.DataObject, ticks: int) -> None:
        if log := self.run(log_of(self.store))[self.base :]:
            self.resync()
            moment = data.draw(st.sampled_from(log)).recorded_at + ticks * _TICK
            ours = self.run(self.store.position_at(moment))
            assert max(ours - self.base, 0) == self.run(self.reference.position_at(moment))

    @rule(stream=STREAMS, position=st.integers(0, 30))
    def version_at(self, stream: str, position: int) -> None:
        ours = self.run(self.store.version_at(self.prefix + stream, self.base + position))
        assert ours == self.run(self.reference.version_at(stream, position))

    @rule(after=st.one_of(st.just(""), STREAMS, st.just("a-")), upto=_BOUNDS, limit=st.integers(1, 5))
    def streams(self, after: str, upto: int | None, limit: int) -> None:
        moved = None if upto is None else self.base + upto
        page = self.run(self.store.streams(after=self.prefix + after, upto=moved, limit=limit))
        ours = [(head.stream, head.version) for head in page if head.stream.startswith(self.prefix)]
        theirs = self.run(self.reference.streams(after=after, upto=upto, limit=limit))
        assert ours == [(self.prefix + head.stream, head.version) for head in theirs]

    @rule(category=st.sampled_from(["a", "b", "c", "a-"]), upto=_BOUNDS, limit=st.integers(1, 3))
    def streams_of_a_category(self, category: str, upto: int | None, limit: int) -> None:
        moved = None if upto is None else self.base + upto
        ours = self.run(self.store.streams(category=self.prefix + category, upto=moved, limit=limit))
        theirs = self.run(self.reference.streams(category=category, upto=upto, limit=limit))
        assert [(head.stream, head.version) for head in ours] == [
            (self.prefix + head.stream, head.version) for head in theirs
        ]

    @rule(stream=STREAMS, after=st.integers(0, 6), upto=_BOUNDS, valid=VALID_TIMES, limit=st.integers(1, 6))
    def read_facts(self, stream: str, after: int, upto: int | None, valid: datetime, limit: int) -> None:
        ours = self.run(self.store.read_facts(self.prefix + stream, after=after, upto=upto, valid=valid, limit=limit))
        theirs = self.run(self.reference.read_facts(stream, after=after, upto=upto, valid=valid, limit=limit))
        assert [fact[:3] for fact in ours] == [fact[:3] for fact in theirs]
