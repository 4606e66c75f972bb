"""What a repository does with aggregates and deciders; user code has no need of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any, NamedTuple, TypeVar, overload

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.core import Core
from leftfold.domain.decider import Decider
from leftfold.domain.definition import definition_of
from leftfold.domain.folding import Fact, Folding
from leftfold.domain.recording import Mode, Pending, Recorder, made_otherwise, recording_of
from leftfold.domain.twins import twin_of

__all__ = ["Taken", "core_of", "is_lost", "is_sealed", "load", "pending", "seal", "take", "watch"]

_A = TypeVar("_A", bound=Aggregate[Any])
_S = TypeVar("_S")


class Taken(NamedTuple):
    """What an aggregate recorded, on its way into a store.

    Args:
        expected: the version its stream had when it was loaded, 0 for a new one.
        events: what it recorded since, in order.
    """

    expected: int
    events: tuple[Pending, ...]


@overload
def core_of(subject: type[_A]) -> Core[_A]: ...
@overload
def core_of(subject: Decider[Any, _S, Any]) -> Core[_S]: ...
def core_of(subject: type[Any] | Decider[Any, Any, Any]) -> Core[Any]:
    """The fold of an aggregate class or a decider.

    Raises:
        DefinitionError: the aggregate class has no vocabulary, or was made a dataclass.
    """
    if not isinstance(subject, Decider):
        if is_dataclass(subject):
            raise made_otherwise(subject)
        return definition_of(subject).core
    initial = subject.initial
    return Core(
        subject.category,
        subject.vocabulary,
        lambda _id: twin_of(initial),
        subject.evolve,
        snapshot_every=subject.snapshot_every,
        state_version=subject.state_version,
    )


def load(folding: Folding[_A], aggregate: _A, facts: Iterable[Fact], stream: str) -> None:
    """Fold stored events into an aggregate that has recorded nothing yet; its version becomes that of the last.

    May be called again with the next page of the stream.

    Raises:
        UnreadableEvent: see `Folding.fold`; the aggregate is then of no use.
    """
    recording = recording_of(aggregate)
    mode, recording.mode = recording.mode, Mode.APPLYING
    try:
        _, version = folding.fold(aggregate, facts, stream=stream)
    finally:
        recording.mode = mode
    aggregate.version = version or aggregate.version


def seal(aggregate: Aggregate[Any]) -> None:
    """Make `record` raise `ReadOnly` from now on."""
    recording_of(aggregate).mode = Mode.SEALED


def is_sealed(aggregate: Aggregate[Any]) -> bool:
    """Whether `record` raises `ReadOnly`."""
    return recording_of(aggregate).mode is Mode.SEALED


def is_lost(aggregate: Recorder) -> bool:
    """Whether it has recorded what nobody has taken; a copy, which something is tried out on, loses nothing."""
    recording = recording_of(aggregate)
    return bool(recording.pending) and not recording.tried


def pending(aggregate: Aggregate[Any]) -> tuple[Pending, ...]:
    """What it has recorded and nobody has taken yet, in order."""
    return tuple(recording_of(aggregate).pending)


def watch(aggregate: Aggregate[Any]) -> None:
    """From now on hold it to changing by what it records alone, since its state is kept.

    It is held to it where it records, and where that is taken: a `DefinitionError` names what was changed otherwise.
    Objects within its attributes that are no lists, dicts or sets of its own are not looked into.
    """
    recording_of(aggregate).keep_folded(aggregate)


def take(aggregate: Aggregate[Any]) -> Taken:
    """Take what it has recorded, with the version its stream must still have; taking again gives nothing.

    Raises:
        DefinitionError: see `watch`.
    """
    recording = recording_of(aggregate)
    if recording.pending:
        recording.check_folded(aggregate)
    events = tuple(recording.pending)
    recording.pending.clear()
    return Taken(aggregate.version - len(events), events)
