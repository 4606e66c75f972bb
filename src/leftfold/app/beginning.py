"""Begins a saga in the context that it is registered with."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from leftfold.app.running import Running
from leftfold.errors import DefinitionError
from leftfold.ids import new_id
from leftfold.messages.metadata import Metadata
from leftfold.processes.saga import Saga, check_saga

__all__ = ["Begun", "begin"]


class Begun(Struct, frozen=True):
    """A saga that was begun.

    Args:
        id: of the instance.
        repeated: whether it had begun before; then nothing was changed now.
    """

    id: str
    repeated: bool


async def begin(running: Mapping[str, Running], saga: Saga, id: str | None, metadata: Metadata) -> Begun:
    """Begin *saga* in the one of these contexts that it is registered with; see `App.start`."""
    check_saga(saga)
    known = str(new_id()) if id is None else id
    for one in running.values():
        if one.sagas.knows(type(saga)):
            return Begun(known, not await one.sagas.begin(saga, known, metadata))
    name = type(saga).__qualname__
    raise DefinitionError(f"no context here has the saga {name}; register it: @context.saga above the class")
