"""The left fold: stored events into a state, as fast as decoding allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeAlias, TypeVar

from leftfold.domain.core import Core
from leftfold.errors import LeftfoldError, UnknownEventType, UnknownSchemaVersion, UnreadableEvent
from leftfold.messages.codec import Codec, damaged
from leftfold.messages.event import event_name

__all__ = ["Fact", "Folding"]

_S = TypeVar("_S")

Fact: TypeAlias = tuple[int, str, int, bytes | str]
"""What a fold needs of a stored event: version in the stream from 1, stored name, schema version from 1, payload."""

_Step: TypeAlias = tuple[Callable[[bytes | str], object], Callable[[_S, object], Any]]


class Folding(Generic[_S]):
    """Folds the streams of one aggregate or decider; make it once and keep it, for it caches how events are read.

    Args:
        core: what to fold into what.
        codec: how events are read; its registry knows the core's vocabulary.

    Raises:
        DefinitionError: an event of the vocabulary is not registered.
    """

    def __init__(self, core: Core[_S], codec: Codec) -> None:
        for cls in core.vocabulary:
            codec.registry.key_of(cls)
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
            Exception: whatever applying an event raises, with a note naming stream and version.
        """
        replaces = self._core.applies is None
        get = self._steps.get
        version = 0
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
        except Exception as error:
            error.add_note(f"while folding version {version} of stream {stream!r}")
            raise
        return state, version

    def _step(self, stream: str, version: int, type: str, schema_version: int) -> _Step[_S]:
        core, reader = self._core, self._codec.reader(type, schema_version)
        if reader is None:
            raise self._codec.registry.unknown(stream, version, type, schema_version)
        if reader.event_type not in core.vocabulary:
            known = ", ".join(cls.__qualname__ for cls in core.vocabulary)
            reason = f"{reader.event_type.__qualname__} is not of the vocabulary of {core.category!r} ({known}); add it"
            names = {event_name(cls) for cls in core.vocabulary}
            unknown = UnknownSchemaVersion if event_name(reader.event_type) in names else UnknownEventType
            raise unknown(stream, version, type, schema_version, reason)
        apply = core.evolve if core.applies is None else core.applies[reader.event_type]
        step = self._steps[type, schema_version] = (reader.decode, apply)
        return step
