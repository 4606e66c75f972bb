"""What an aggregate has recorded and not yet stored."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, Protocol, cast

from msgspec import Struct

from leftfold.domain.core import Apply
from leftfold.domain.twins import twin_of
from leftfold.errors import DefinitionError, InvalidAppend, ReadOnly
from leftfold.messages.given import utc_flaw

__all__ = ["OWN_ATTRIBUTES", "RECORDED", "Mode", "Pending", "Recorder", "Recording", "made_otherwise", "recording_of"]


class Pending(Struct, frozen=True):
    """An event that is recorded and not yet stored.

    Args:
        event: of the aggregate's vocabulary.
        valid_at: when it happened, with a zone; None means: when it is stored.
        tags: names to find it by across streams.
    """

    event: object
    valid_at: datetime | None
    tags: tuple[str, ...]


class Recorder(Protocol):
    """The aggregate itself, as its recording sees it."""

    id: str
    version: int


class Mode(Enum):
    """What `record` does at the moment."""

    OPEN = auto()
    APPLYING = auto()
    SEALED = auto()


RECORDED: Final[ContextVar[list[Recorder] | None]] = ContextVar("leftfold_recorded", default=None)
"""Gathers what has recorded since somebody wants to know, as who carries a decision out; None outside of that."""

_MARK: Final = "__leftfold_recording__"
OWN_ATTRIBUTES: Final = frozenset({"id", "version", _MARK})
"""What is in an aggregate and is no part of its state."""

_OPEN, _APPLYING = Mode.OPEN, Mode.APPLYING
_CHANGING: Final = (list, dict, set)


class Recording:
    """The side of an aggregate that its repository works with."""

    __slots__ = ("applies", "category", "folded", "mode", "pending", "tried")

    def __init__(self, category: str, applies: Mapping[type, Apply[Any]]) -> None:
        self.applies: Mapping[type, Apply[Any]] = applies
        self.category: str = category
        self.mode: Mode = _OPEN
        self.pending: list[Pending] = []
        self.folded: dict[str, object] | None = None
        """What is in the aggregate by its events alone; None where nobody asks."""
        self.tried: bool = False
        """Whether it is of a copy, which something is tried out on."""

    def attach(self, aggregate: Recorder) -> None:
        """Become the recording of *aggregate*."""
        setattr(aggregate, _MARK, self)

    def copied(self) -> Recording:
        """One of its own for a copy of the aggregate."""
        copied = Recording(self.category, self.applies)
        copied.mode, copied.pending, copied.tried = self.mode, [*self.pending], True
        return copied

    def __deepcopy__(self, _memo: object) -> Recording:
        return self.copied()

    def record(self, aggregate: Recorder, event: object, valid_at: datetime | None, tags: tuple[str, ...]) -> None:
        """Apply *event* and keep it as it is now; when applying it fails, it is not kept."""
        if self.mode is not _OPEN or (valid_at is not None and utc_flaw(valid_at)):
            raise self._refusal(aggregate, event, valid_at)
        if self.folded is not None:
            self.check_folded(aggregate)
        apply = self.applies.get(type(event))
        if apply is None:
            known = ", ".join(cls.__name__ for cls in self.applies)
            if isinstance(event, type):
                raise DefinitionError(
                    f"record({event.__qualname__}) is given a class; give it an event, with its fields"
                )
            raise DefinitionError(
                f"{type(aggregate).__name__} cannot record a {type(event).__qualname__}; its events are: {known}"
            )
        happened = twin_of(event)
        self.mode = _APPLYING
        try:
            apply(aggregate, event)
        finally:
            self.mode = _OPEN
        aggregate.version += 1
        if not self.pending and (recorded := RECORDED.get()) is not None:
            recorded.append(aggregate)
        self.pending.append(Pending(happened, valid_at, tags))
        if self.folded is not None:
            self.keep_folded(aggregate)

    def keep_folded(self, aggregate: Recorder) -> None:
        """Note what is in *aggregate* now, its own lists, dicts and sets included, for `check_folded`."""
        self.folded = folded = vars(aggregate).copy()
        for name, value in folded.items():
            if isinstance(value, _CHANGING):
                folded[name] = value.copy()

    def check_folded(self, aggregate: Recorder) -> None:
        """Raise `DefinitionError` when something else than an event has changed *aggregate* since it was noted."""
        folded, found = self.folded, vars(aggregate)
        if folded is None or folded == found:
            return
        unset = {name: getattr(type(aggregate), name, None) for name in folded.keys() ^ found.keys()}
        before, after = unset | folded, unset | found
        if not (names := sorted(name for name in after if before[name] != after[name])):
            return
        raise DefinitionError(
            f"aggregate {type(aggregate).__qualname__}: {', '.join(map(repr, names))} changed outside its @applies "
            "methods, and would be in a state that is kept (snapshot_every=, cached=) though no event says so; record "
            "an event, and change it where that is applied"
        )

    def _refusal(self, aggregate: Recorder, event: object, valid_at: datetime | None) -> Exception:
        name = type(event).__qualname__
        match self.mode:
            case Mode.SEALED:
                return ReadOnly(f"{self.category}-{aggregate.id}")
            case Mode.APPLYING:
                return DefinitionError(
                    f"an @applies method of {type(aggregate).__name__} records {name}; it only folds"
                )
            case Mode.OPEN:
                return InvalidAppend(f"event {name}: valid_at={utc_flaw(valid_at)}")


def recording_of(aggregate: Recorder) -> Recording:
    """The recording that was attached to *aggregate*.

    Raises:
        DefinitionError: its class has an `__init__` that a decorator gave it.
    """
    try:
        return cast("Recording", getattr(aggregate, _MARK))
    except AttributeError:
        raise made_otherwise(type(aggregate)) from None


def made_otherwise(cls: type) -> DefinitionError:
    """That *cls* has another `__init__` than that of an aggregate."""
    return DefinitionError(
        f"aggregate {cls.__qualname__} is not made by the __init__ of Aggregate; leave @dataclass out, and give "
        "attributes defaults"
    )
