"""The left fold: stored events into a state, as fast as decoding allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Generic, Self, TypeAlias, TypeVar

from leftfold.domain.core import Core
from leftfold.errors import DefinitionError, LeftfoldError, UnknownEventType, UnknownSchemaVersion, UnreadableEvent
from leftfold.messages.codec import Codec, Reader, damaged
from leftfold.messages.event import event_name
from leftfold.messages.registry import Registry
from leftfold.messages.upcasting import UpcastFault

__all__ = ["Fact", "FoldNote", "Folding", "folding_flaws"]

_S = TypeVar("_S")

Fact: TypeAlias = tuple[int, str, int, bytes | str]
"""What a fold needs of a stored event: version in the stream from 1, stored name, schema version from 1, payload."""

_Step: TypeAlias = tuple[Callable[[bytes | str], object], Callable[[_S, object], Any]]


class FoldNote(str):
    """The note on whatever folding an event raises; it is in the exception's `__notes__`.

    Args:
        stream: where the event is.
        version: of the event, counted from 1.
        fold: the module and name of the function that raised.
    """

    __slots__ = ("fold", "stream", "version")

    def __new__(cls, stream: str, version: int, fold: str) -> Self:
        """Make it."""
        note = super().__new__(cls, f"while folding version {version} of stream {stream!r}")
        note.stream, note.version, note.fold = stream, version, fold
        return note

    stream: str
    version: int
    fold: str

    def __reduce__(self) -> tuple[type[FoldNote], tuple[str, int, str]]:
        return FoldNote, (self.stream, self.version, self.fold)


class Folding(Generic[_S]):
    """Folds the streams of one aggregate or decider; make it once and keep it, for it caches how events are read.

    Args:
        core: what to fold into what.
        codec: how events are read; its registry knows the core's vocabulary.

    Raises:
        DefinitionError: an event of the vocabulary is not registered, or is upcast.
    """

    def __init__(self, core: Core[_S], codec: Codec) -> None:
        for cls in core.vocabulary:
            codec.registry.key_of(cls)
        if flaws := folding_flaws(core, codec.registry):
            raise DefinitionError(*flaws)
        self._core = core
        self._codec = codec
        self._steps: dict[tuple[str, int], _Step[_S]] = {}

    def fold(self, state: _S, facts: Iterable[Fact], *, stream: str) -> tuple[_S, int]:
        """Fold *facts*, in their order, into *state*.

        Args:
            state: changed in place for an aggregate, left as it is for a decider.
            facts: a stream's stored events, oldest first.
            stream: where they come from, for errors.

        Returns:
            The state after them, and the version of the last one, 0 when there was none.

        Raises:
            UnknownEventType: no class of the vocabulary stands for a stored name.
            UnknownSchemaVersion: the name is known, a version of it is not.
            DamagedPayload: a payload does not decode; the cause is kept.
            UpcastFailed: an upcast raised, or returned what it does not declare; the cause is kept.
            Exception: whatever applying an event raises, with a `FoldNote`.
        """
        replaces = self._core.applies is None
        get = self._steps.get
        version, type, schema_version = 0, "", 0
        try:
            for version, type, schema_version, data in facts:
                decode, apply = get((type, schema_version)) or self._step(stream, version, type, schema_version)
                try:
                    event = decode(data)
                except LeftfoldError:
                    raise
                except Exception as error:
                    raise damaged(stream, version, type, schema_version, error) from error
                if replaces:
                    state = apply(state, event)
                else:
                    apply(state, event)
        except UnreadableEvent:
            raise
        except UpcastFault as fault:
            raise fault.at(stream, version, type, schema_version) from fault.__cause__
        except Exception as error:
            error.add_note(FoldNote(stream, version, _raised_in(error.__traceback__)))
            raise
        return state, version

    def _step(self, stream: str, version: int, type: str, schema_version: int) -> _Step[_S]:
        core, reader = self._core, self._codec.reader(type, schema_version)
        if reader is None:
            raise self._codec.registry.unknown(stream, version, type, schema_version)
        for cls in reader.event_types:
            if cls not in core.vocabulary:
                known = ", ".join(known.__qualname__ for known in core.vocabulary)
                reason = f"{cls.__qualname__} is not of the vocabulary of {core.category!r} ({known}); add it"
                names = {event_name(known) for known in core.vocabulary}
                unknown = UnknownSchemaVersion if event_name(cls) in names else UnknownEventType
                raise unknown(stream, version, type, schema_version, reason)
        step = self._steps[type, schema_version] = (reader.decode, _apply(core, reader))
        return step


def folding_flaws(core: Core[Any], registry: Registry) -> list[str]:
    """Which events of a vocabulary no fold would ever see, since *registry* upcasts them; a sentence each."""
    overtaken = [(cls, upcast) for cls in core.vocabulary if (upcast := registry.chains.upcast_of(cls))]
    return [
        f"{cls.__qualname__} is of the vocabulary of {core.category!r}, but {upcast} upcasts it, so no fold would ever "
        "see it; take it out of the vocabulary"
        for cls, upcast in overtaken
    ]


def _apply(core: Core[_S], reader: Reader) -> Callable[[_S, object], Any]:
    """What folds what *reader* decodes."""
    rise, applies, evolve = reader.rise, core.applies, core.evolve
    if rise is None:
        return evolve if applies is None else applies[reader.event_types[0]]
    if applies is None:

        def evolve_risen(state: _S, event: object) -> _S:
            for each in rise(event):
                state = evolve(state, each)
            return state

        return evolve_risen

    def apply_risen(state: _S, event: object) -> None:
        for each in rise(event):
            applies[each.__class__](state, each)

    return apply_risen


def _raised_in(trace: TracebackType | None) -> str:
    """The outermost function that is not of this room."""
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if not module.startswith(__name__.rpartition(".")[0]):
            return f"{module}:{trace.tb_frame.f_code.co_qualname}"
        trace = trace.tb_next
    return "of a type that is not written in Python"
